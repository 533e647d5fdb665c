/*
 * The check's report as JSON, schema minivmm.check/1. Unknown is null; sizes are integers in bytes.
 */
#include <string.h>

#include "units.h"
#include "vmm/lab/check/report.h"
#include "vmm/lab/pmu/counters.h"
#include "vmm/output/fields.h"
#include "vmm/output/json.h"

static json_t *known_json(enum known answer)
{
	return answer == KNOWN_UNKNOWN ? json_null() : json_boolean(answer == KNOWN_YES);
}

static json_t *kvm_json(const struct kvm_probe *kvm)
{
	json_t *o = json_object(), *capabilities = json_object();

	json_put(&o, "present", known_json(kvm->present));
	json_put(&o, "permitted", known_json(kvm->permitted));
	json_put(&o, "makes_vm", known_json(kvm->makes_vm));
	json_put(&o, "failure", kvm->failure[0] != '\0' ? json_words(kvm->failure) : json_null());
	json_put(&o, "cure", kvm->cure[0] != '\0' ? json_words(kvm->cure) : json_null());
	json_put(&o, "errno", kvm->err != 0 ? json_integer(kvm->err) : json_null());
	json_put(&o, "api_version", json_count_or_null(kvm->api_version));
	for (uint32_t i = 0; i < kvm->capability_count; i++) {
		json_t *c = json_object();

		json_put(&c, "value", json_count_or_null(kvm->capability[i].value));
		json_put(&c, "required", json_boolean(kvm->capability[i].required));
		json_put(&c, "purpose", json_words(kvm->capability[i].purpose));
		json_put(&capabilities, kvm->capability[i].name, c);
	}
	json_put(&o, "capabilities", capabilities);
	json_put(&o, "guest_1g_pages", known_json(kvm->guest_1g_pages));
	json_put(&o, "guest_physical_bits", json_u64_or_null(kvm->guest_physical_bits));
	return o;
}

static json_t *rows_json(const struct check_report *report)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < report->row_count && i < CHECK_MAX_ROWS; i++) {
		const struct check_row *row = &report->rows[i];
		bool unknown = strcmp(row->enabled, "unknown") == 0;
		json_t *o = json_object();

		json_put(&o, "group", json_string(name_of(&row_group_names, row->group)));
		json_put(&o, "name", json_words(row->name));
		json_put(&o, "hardware", known_json(row->hardware));
		json_put(&o, "enabled", unknown ? json_null() : json_words(row->enabled));
		json_put(&o, "effect", json_words(row->effect));
		json_push(&array, o);
	}
	return array;
}

static const struct field verdict_list[] = {
	FIELD(ENUM, struct check_report, second_dimension, .names = &second_dimension_names),
	FIELD(SIZE, struct check_report, guest_levels),
	FIELD(SIZE, struct check_report, second_levels),
	FIELD(SIZE, struct check_report, largest_guest_leaf_bytes),
	FIELD(SIZE, struct check_report, largest_second_leaf_bytes),
	FIELD_AS(TEXT, struct check_report, verdict, "text"),
};
static const struct fields verdict_fields = FIELDS_OF(verdict_list);

static const struct field disturber_list[] = {
	FIELD(TEXT, struct check_disturber, what),
	FIELD(NOTE, struct check_disturber, effect),
	FIELD(NOTE, struct check_disturber, command),
};
static const struct fields disturber_fields = FIELDS_OF(disturber_list);

int check_json(const struct check_report *report, const struct requirement *requirements, uint32_t count,
	       FILE *out)
{
	json_t *o = json_document(CHECK_SCHEMA);

	json_put(&o, "host", fields_json(&host_fields, &report->facts));
	json_put(&o, "kvm", kvm_json(&report->kvm));
	json_put(&o, "features", rows_json(report));
	json_put(&o, "verdict", fields_json(&verdict_fields, report));
	json_put(&o, "disturbers",
		 FIELDS_ARRAY(&disturber_fields, report->disturbers, report->disturber_count));
	json_put(&o, "pmu", pmu_plan_json(report->pmu));
	require_json(requirements, count, &o);
	return json_finish(o, out);
}
