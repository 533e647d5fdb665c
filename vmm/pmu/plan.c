#include "vmm/pmu/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct maker {
	struct pmu_plan *plan;
	struct error *e;
};

/* The next event of the plan, zeroed, or NULL with *e set. */
static struct pmu_event *new_event(struct maker *m, enum pmu_role role)
{
	struct pmu_event *event;

	if (m->plan->event_count == PMU_MAX_EVENTS) {
		(void)error_set(m->e, STATUS_USAGE, 0, "--pmu", "at most %d events are accepted",
				PMU_MAX_EVENTS);
		return NULL;
	}
	event = &m->plan->events[m->plan->event_count++];
	memset(event, 0, sizeof(*event));
	event->role = role;
	return event;
}

/* One of the events whose sum is wanted, as the next part. */
static int add_part(struct maker *m, struct pmu_event *event, const char *name, size_t length)
{
	char one[PMU_NAME_BYTES];
	const char *why = "";

	(void)snprintf(one, sizeof(one), "%.*s", (int)length, name);
	if (length < sizeof(one) && pmu_encode(one, &event->part[event->part_count], &why) == 0) {
		event->part_count++;
		return 0;
	}
	(void)error_set(m->e, STATUS_USAGE, 0, "--pmu",
			"libpfm4 knows no event '%.100s' for this CPU (%s, %s)%s%s", one, m->plan->pmu,
			m->plan->model->title, why[0] != '\0' ? ": " : "", why);
	error_hint(m->e,
		   "minivmm --pmu help shows this CPU's events; perf::PAGE-FAULTS and the like need no PMU");
	return -EINVAL;
}

/* The model's names stand without their PMU, which differs within a model ("skl", "skx"). */
static int add_role(struct maker *m, enum pmu_role role)
{
	const struct pmu_model_event *known = pmu_model_event(m->plan->model, role);
	struct pmu_event *event = new_event(m, role);
	const char *name = known != NULL ? known->events : NULL;

	if (event == NULL)
		return -EINVAL;
	if (known != NULL)
		(void)snprintf(event->note, sizeof(event->note), "%s", known->note);
	while (name != NULL) {
		size_t length = strcspn(name, "+"), used = strlen(event->name);
		bool named = strstr(name, "::") != NULL && (size_t)(strstr(name, "::") - name) < length;
		size_t start = used + (used != 0 ? 1 : 0);

		(void)snprintf(event->name + used, sizeof(event->name) - used, "%s%s%s%.*s",
			       used != 0 ? "+" : "", named ? "" : m->plan->pmu,
			       named ? "" : "::", (int)length, name);
		if (event->part_count == PMU_MAX_PARTS ||
		    add_part(m, event, event->name + start, strlen(event->name + start)) != 0)
			return -EINVAL;
		name = name[length] == '+' ? name + length + 1 : NULL;
	}
	return 0;
}

static int add_item(struct maker *m, const char *item, size_t length)
{
	char name[PMU_NAME_BYTES];
	struct pmu_event *event;
	enum pmu_role role;
	int ret = 0;

	(void)snprintf(name, sizeof(name), "%.*s", (int)length, item);
	if (length == 0 || length >= sizeof(name))
		return error_set(m->e, STATUS_USAGE, 0, "--pmu",
				 "a list of events with commas is expected, not '%.60s'", name);
	if (strcmp(name, PMU_DEFAULT_LIST) == 0) {
		for (int r = 0; r < PMU_ROLE_COUNT && ret == 0; r++)
			ret = add_role(m, (enum pmu_role)r);
		return ret;
	}
	role = pmu_role_find(name);
	if (role != PMU_ROLE_NONE)
		return add_role(m, role);
	event = new_event(m, PMU_ROLE_NONE);
	if (event == NULL)
		return -EINVAL;
	(void)snprintf(event->name, sizeof(event->name), "%s", name);
	return add_part(m, event, name, length);
}

int pmu_plan_make(const char *list, struct pmu_plan *plan, struct error *e)
{
	struct maker m = { .plan = plan, .e = e };
	int ret;

	memset(plan, 0, sizeof(*plan));
	ret = pmu_encode_init(e);
	if (ret != 0)
		return ret;
	pmu_encode_cpu(plan->pmu, sizeof(plan->pmu));
	plan->model = pmu_model_find(plan->pmu);
	while (list != NULL && ret == 0) {
		size_t length = strcspn(list, ",");

		ret = add_item(&m, list, length);
		list = list[length] == ',' ? list + length + 1 : NULL;
	}
	return ret;
}

int pmu_plan_new(const char *list, struct pmu_plan **plan, struct error *e)
{
	struct pmu_plan *made = malloc(sizeof(*made));
	int ret;

	*plan = NULL;
	if (made == NULL)
		return error_set(e, STATUS_FAILED, ENOMEM, "--pmu", "no memory for the list of events");
	ret = pmu_plan_make(list, made, e);
	if (ret != 0)
		free(made);
	else
		*plan = made;
	return ret;
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
