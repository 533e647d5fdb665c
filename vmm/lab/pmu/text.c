/* What can be counted, as text. */
#include "vmm/lab/pmu/counters.h"

#include <string.h>

#include "vmm/output/paragraph.h"
#include "vmm/util/text.h"

#define LIST_BYTES 4096

const char *pmu_event_name(const struct pmu_event *event)
{
	const char *role = pmu_role_name(event->role);

	return role != NULL ? role : event->name;
}

/* Is i the first of those that are not available for this reason? */
static bool first_of_reason(const struct pmu_plan *plan, uint32_t i)
{
	for (uint32_t before = 0; before < i; before++) {
		if (!plan->events[before].available &&
		    strcmp(plan->events[before].reason, plan->events[i].reason) == 0)
			return false;
	}
	return !plan->events[i].available;
}

/* Names with commas of the events that are available, or of those that are not for the same reason as `like`. */
static const char *names(const struct pmu_plan *plan, const struct pmu_event *like, char buf[LIST_BYTES])
{
	buf[0] = '\0';
	for (uint32_t i = 0; i < plan->event_count; i++) {
		const struct pmu_event *event = &plan->events[i];

		if (like == NULL ? event->available
				 : !event->available && strcmp(event->reason, like->reason) == 0)
			append(buf, LIST_BYTES, "%s%s", buf[0] != '\0' ? ", " : "", pmu_event_name(event));
	}
	return buf;
}

bool pmu_plan_text(const struct pmu_plan *plan, const char *label, FILE *out)
{
	char text[LIST_BYTES];
	bool any = names(plan, NULL, text)[0] != '\0';

	paragraph(out, label, "%s (%s); can be counted: %s", plan->pmu, plan->model->title,
		  any ? text : "nothing");
	for (uint32_t i = 0; i < plan->event_count; i++) {
		if (first_of_reason(plan, i))
			paragraph(out, "", "unavailable: %s: %s", names(plan, &plan->events[i], text),
				  plan->events[i].reason);
	}
	return any;
}
