/* The PMU's part of the record in JSON. What is not known is null. */
#include "vmm/lab/pmu/counters.h"

#include "vmm/output/json.h"

static json_t *role_json(const struct pmu_event *event)
{
	const char *name = pmu_role_name(event->role);

	return name != NULL ? json_string(name) : json_null();
}

json_t *pmu_plan_json(const struct pmu_plan *plan)
{
	json_t *o, *events;

	if (plan == NULL)
		return json_null();
	o = json_object();
	events = json_array();
	for (uint32_t i = 0; i < plan->event_count; i++) {
		const struct pmu_event *event = &plan->events[i];
		json_t *one = json_object();

		json_put(&one, "role", role_json(event));
		json_put(&one, "event", json_words_or_null(event->name));
		json_put(&one, "note", json_words_or_null(event->note));
		json_put(&one, "available", json_boolean(event->available));
		json_put(&one, "reason", json_words_or_null(event->reason));
		json_push(&events, one);
	}
	json_put(&o, "pmu", json_words(plan->pmu));
	json_put(&o, "model", json_words(plan->model->title));
	json_put(&o, "events", events);
	return o;
}

json_t *pmu_counts_json(const struct pmu_plan *plan, const struct pmu_counts *counts)
{
	json_t *array;

	if (plan == NULL || counts == NULL)
		return json_null();
	array = json_array();
	for (uint32_t i = 0; i < plan->event_count; i++) {
		json_t *one = json_object();

		json_put(&one, "role", role_json(&plan->events[i]));
		json_put(&one, "event", json_words_or_null(plan->events[i].name));
		for (enum pmu_share share = 0; share < PMU_SHARES; share++) {
			const struct pmu_count *c = &counts->count[i][share];
			char key[32];

			json_put(&one, pmu_share_name(share),
				 c->count < 0 ? json_null() : json_integer(c->count));
			(void)snprintf(key, sizeof(key), "%s_running_share", pmu_share_name(share));
			json_put(&one, key, c->count < 0 ? json_null() : json_real(c->running_share));
		}
		json_put(&one, "operations", json_u64_or_null(counts->operations));
		json_push(&array, one);
	}
	return array;
}
