/*
 * A plan is made from names, and then probed: each of its events is opened as a run would open it, and closed again.
 */
#include "vmm/lab/pmu/counters.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm/util/text.h"

/* The next event of the plan, or NULL with *e set. */
static struct pmu_event *new_event(struct pmu_plan *plan, enum pmu_role role, struct error *e)
{
	struct pmu_event *event;

	if (plan->event_count == PMU_MAX_EVENTS) {
		(void)error_set(e, STATUS_USAGE, 0, "--pmu", "at most %d events are accepted",
				PMU_MAX_EVENTS);
		return NULL;
	}
	event = &plan->events[plan->event_count++];
	event->role = role;
	return event;
}

/* An event by the user's own name. 0; or -EINVAL with *e set. */
static int add_name(struct pmu_plan *plan, const char *name, struct error *e)
{
	struct pmu_event *event = new_event(plan, PMU_ROLE_NONE, e);
	const char *why = "";

	if (event == NULL)
		return -EINVAL;
	(void)snprintf(event->name, sizeof(event->name), "%s", name);
	if (pmu_encode(name, &event->part[0], &why) == 0) {
		event->part_count = 1;
		return 0;
	}
	(void)error_set(e, STATUS_USAGE, 0, "--pmu",
			"libpfm4 knows no event '%.100s' for this CPU (%s, %s): %s", name, plan->pmu,
			plan->model->title, why);
	error_hint(e,
		   "minivmm --pmu help shows this CPU's events; perf::PAGE-FAULTS and the like need no PMU");
	return -EINVAL;
}

/*
 * Put term[0..length) behind event->name, and its code into the next part. The model's names stand without their PMU,
 * which differs within a model ("skl", "skx"). False where this libpfm4 does not know it.
 */
static bool add_term(const struct pmu_plan *plan, struct pmu_event *event, const char *term, size_t length)
{
	const char *colons = strstr(term, "::");
	bool named = colons != NULL && colons < term + length;
	size_t used = strlen(event->name), start = used + (used != 0 ? 1 : 0);
	const char *why = "";

	append(event->name, sizeof(event->name), "%s%s%s%.*s", used != 0 ? "+" : "", named ? "" : plan->pmu,
	       named ? "" : "::", (int)length, term);
	if (event->part_count == PMU_MAX_PARTS ||
	    pmu_encode(event->name + start, &event->part[event->part_count], &why) != 0)
		return false;
	event->part_count++;
	return true;
}

/* The event of a role is chosen here, so one that this CPU lacks is reported as unavailable, not as a usage error. */
static int add_role(struct pmu_plan *plan, enum pmu_role role, struct error *e)
{
	const struct pmu_model_event *known = pmu_model_event(plan->model, role);
	struct pmu_event *event = new_event(plan, role, e);
	const char *term = known != NULL ? known->events : NULL;

	if (event == NULL)
		return -EINVAL;
	if (known == NULL)
		(void)snprintf(event->reason, sizeof(event->reason), "%s",
			       plan->model->pmus[0] != '\0' ? "this model has no such event"
							    : "no event for it is known of this CPU");
	else
		(void)snprintf(event->note, sizeof(event->note), "%s", known->note);
	while (term != NULL) {
		size_t length = strcspn(term, "+");

		if (!add_term(plan, event, term, length)) {
			event->part_count = 0;
			(void)snprintf(event->reason, sizeof(event->reason),
				       "the libpfm4 in this program does not know its name");
			break;
		}
		term = term[length] == '+' ? term + length + 1 : NULL;
	}
	return 0;
}

static int add_item(struct pmu_plan *plan, const char *item, size_t length, struct error *e)
{
	char name[PMU_NAME_BYTES];
	enum pmu_role role;
	int ret = 0;

	(void)snprintf(name, sizeof(name), "%.*s", (int)length, item);
	if (length == 0 || length >= sizeof(name))
		return error_set(e, STATUS_USAGE, 0, "--pmu",
				 "a list of events with commas is expected, not '%.60s'", name);
	if (strcmp(name, PMU_DEFAULT_LIST) == 0) {
		for (int r = 0; r < PMU_ROLE_COUNT && ret == 0; r++)
			ret = add_role(plan, (enum pmu_role)r, e);
		return ret;
	}
	role = pmu_role_find(name);
	if (role != PMU_ROLE_NONE)
		return add_role(plan, role, e);
	return add_name(plan, name, e);
}

int pmu_plan_new(const char *list, struct pmu_plan **out, struct error *e)
{
	struct pmu_plan *plan = calloc(1, sizeof(*plan));
	int ret;

	*out = NULL;
	if (plan == NULL)
		return error_set(e, STATUS_FAILED, ENOMEM, "--pmu", "no memory for the list of events");
	ret = pmu_encode_init(e);
	if (ret == 0) {
		pmu_encode_cpu(plan->pmu, sizeof(plan->pmu));
		plan->model = pmu_model_find(plan->pmu);
	}
	while (list != NULL && ret == 0) {
		size_t length = strcspn(list, ",");

		ret = add_item(plan, list, length, e);
		list = list[length] == ',' ? list + length + 1 : NULL;
	}
	if (ret == 0)
		*out = plan;
	else
		free(plan);
	return ret;
}

static void probe_event(struct pmu_event *event, bool split)
{
	enum pmu_share first, last;
	int fd = 0;

	event->available = false;
	/* pmu_plan_new has set the reason. */
	if (event->part_count == 0)
		return;
	event->reason[0] = '\0';
	event->split = split;
	for (uint32_t i = 0; i < event->part_count; i++)
		event->split = event->split && event_can_split(&event->part[i]);
	first = event->split ? PMU_GUEST : PMU_THREAD;
	last = event->split ? PMU_HOST : PMU_THREAD;
	for (uint32_t i = 0; i < event->part_count && fd >= 0; i++) {
		for (enum pmu_share share = first; share <= last && fd >= 0; share++) {
			fd = event_open(&event->part[i], share, -1);
			if (fd >= 0)
				(void)close(fd);
		}
	}
	event->available = fd >= 0;
	if (fd < 0)
		(void)event_refusal(-fd, event->reason, sizeof(event->reason));
}

void pmu_plan_probe(struct pmu_plan *plan, bool split)
{
	for (uint32_t i = 0; i < plan->event_count; i++)
		probe_event(&plan->events[i], split);
}

bool pmu_can_split(const char *kvm_module)
{
	return strcmp(kvm_module, "kvm_intel") == 0 || strcmp(kvm_module, "kvm_amd") == 0;
}

const char *pmu_share_name(enum pmu_share share)
{
	static const char *const names[PMU_SHARES] = {
		[PMU_GUEST] = "guest",
		[PMU_HOST] = "host",
		[PMU_THREAD] = "thread",
	};

	return (unsigned int)share < PMU_SHARES ? names[share] : "unknown";
}
