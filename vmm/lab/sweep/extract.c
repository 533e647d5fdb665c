/*
 * From a run's record to a run of a matrix: the same members under the same names, fewer of them.
 */
#include <string.h>

#include "vmm/output/json.h"
#include "vmm/lab/record/record.h"
#include "vmm/lab/sweep/attempt.h"

/* Members that a record calls as the matrix does. */
static const char *const row_members[] = {
	"variant",     "stride_bytes", "working_set_bytes", "pages",    "accesses",
	"operations",  "unit",         "refs_theory",       "may_exit", "exits",
	"page_faults", "interrupts",   "samples",           "note",     "involuntary_switches",
};

/* A copy of object[name]: null where it is not there, and where it is an empty text, which means the same. */
static json_t *member(const json_t *object, const char *name)
{
	json_t *value = json_object_get(object, name);

	if (value == NULL || (json_is_string(value) && json_string_length(value) == 0))
		return json_null();
	return json_incref(value);
}

/* Where nothing is an operation of its own a record has null, a matrix 0. */
static json_t *row_member(const json_t *result, const char *name)
{
	json_t *value = member(result, name);

	if (!json_is_null(value) || strcmp(name, "operations") != 0)
		return value;
	json_decref(value);
	return json_integer(0);
}

static json_t *rows_of(const json_t *record)
{
	json_int_t vcpus = json_integer_value(json_object_get(json_object_get(record, "requested"), "vcpus"));
	json_t *rows = json_array(), *result;
	size_t index;

	json_array_foreach(json_object_get(record, "results"), index, result)
	{
		json_t *row;

		/* The combined row is nobody's. */
		if (vcpus > 1 && !json_is_null(json_object_get(result, "vcpu")))
			continue;
		row = json_object();
		for (size_t i = 0; i < sizeof(row_members) / sizeof(row_members[0]); i++)
			json_put(&row, row_members[i], row_member(result, row_members[i]));
		json_push(&rows, row);
	}
	return rows;
}

json_t *attempt_extract(const json_t *record)
{
	static const char *const unknown[] = { "wall_ns",           "steal_ns", "host_minor_faults",
					       "host_major_faults", "numa_hit", "numa_miss" };
	const json_t *schema = json_object_get(record, "schema");
	const json_t *observed = json_object_get(record, "observed");
	const json_t *leaves = json_object_get(observed, "second_dimension");
	const json_t *faults = json_object_get(record, "faults");
	json_t *run;

	if (!json_is_string(schema) || strcmp(json_string_value(schema), RECORD_SCHEMA) != 0)
		return NULL;
	run = json_object();
	json_put(&run, "round", json_integer(0));
	json_put(&run, "attempt", json_integer(1));
	json_put(&run, "verdict", member(record, "verdict"));
	json_put(&run, "disturbed", json_null());
	json_put(&run, "minor_faults", member(faults, "minor"));
	json_put(&run, "major_faults", member(faults, "major"));
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		json_put(&run, unknown[i], json_null());
	json_put(&run, "observed_page_bytes", member(observed, "page_bytes"));
	json_put(&run, "leaves_4k", member(leaves, "pages_4k"));
	json_put(&run, "leaves_2m", member(leaves, "pages_2m"));
	json_put(&run, "leaves_1g", member(leaves, "pages_1g"));
	json_put(&run, "rows", rows_of(record));
	return run;
}
