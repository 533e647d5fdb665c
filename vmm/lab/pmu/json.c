/* The PMU's part of the record in JSON. What is not known is null. */
#include "vmm/lab/pmu/counters.h"

#include "vmm/output/fields.h"
#include "vmm/output/json.h"

static json_t *role_json(const void *event)
{
	return json_words_or_null(pmu_role_name(((const struct pmu_event *)event)->role));
}

static const struct field event_list[] = {
	FIELD_BY("role", role_json, NULL),     FIELD_AS(NOTE, struct pmu_event, name, "event"),
	FIELD(NOTE, struct pmu_event, note),   FIELD(TRUTH, struct pmu_event, available),
	FIELD(NOTE, struct pmu_event, reason),
};
static const struct fields event_fields = FIELDS_OF(event_list);

static json_t *model_json(const void *plan)
{
	return json_words(((const struct pmu_plan *)plan)->model->title);
}

static const struct field plan_list[] = {
	FIELD(TEXT, struct pmu_plan, pmu),
	FIELD_BY("model", model_json, NULL),
	FIELDS_LIST("events", struct pmu_plan, events, event_count, event_fields),
};
static const struct fields plan_fields = FIELDS_OF(plan_list);

json_t *pmu_plan_json(const struct pmu_plan *plan)
{
	return fields_json(&plan_fields, plan);
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
