/*
 * What an ended run means: its record, its exit status, its message.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/lab/sweep/engine.h"
#include "vmm/host/limits.h"
#include "vmm/host/meminfo.h"
#include "vmm/lab/record/record.h"
#include "vmm/output/json.h"
#include "vmm/util/text.h"
#include "vmm/util/process.h"

static void because(struct attempt *a, enum cell_state state, const char *reason)
{
	a->state = state;
	a->reason[0] = '\0';
	append(a->reason, sizeof(a->reason), "%s", reason);
}

/* The record's own reason, where there is one. */
static const char *reason_of(const json_t *record, const struct child_end *end)
{
	const char *first = json_string_value(json_array_get(json_object_get(record, "reasons"), 0));

	if (end->message[0] != '\0')
		return end->message;
	return first != NULL ? first : "it said nothing";
}

static void judge_failure(const json_t *record, const struct child_end *end, struct attempt *a)
{
	char text[CELL_REASON_BYTES + 64];

	switch (end->status) {
	case STATUS_USAGE:
		because(a, STATE_REFUSED, reason_of(record, end));
		return;
	case STATUS_CANNOT:
		because(a, STATE_UNAVAILABLE, reason_of(record, end));
		return;
	default:
		break;
	}
	if (end->status > 128)
		(void)snprintf(text, sizeof(text), "killed by signal %d: %s", end->status - 128,
			       reason_of(record, end));
	else
		(void)snprintf(text, sizeof(text), "exit status %d: %s", end->status, reason_of(record, end));
	because(a, STATE_FAILED, text);
}

static int judge_record(const json_t *record, const struct child_end *end, struct attempt *a)
{
	json_t *run = attempt_extract(record);
	int ret = run != NULL ? matrix_run_parse(run, &a->run) : -EINVAL;

	json_decref(run);
	if (ret == -EINVAL) {
		because(a, STATE_FAILED, "its record cannot be read");
		return 0;
	}
	if (ret == 0 && end->status == STATUS_MISMATCH)
		because(a, STATE_MISMATCH, reason_of(record, end));
	else if (ret == 0)
		a->state = STATE_OK;
	return ret;
}

int attempt_judge(const struct child_end *end, struct attempt *a)
{
	json_t *record = end->output != NULL ? json_loadb(end->output, end->output_bytes, 0, NULL) : NULL;
	const char *verdict = json_string_value(json_object_get(record, "verdict"));
	int ret = 0;

	if (verdict != NULL && strcmp(verdict, "interrupted") == 0)
		because(a, STATE_PENDING, "stopped");
	else if (end->status == STATUS_OK || end->status == STATUS_MISMATCH)
		ret = judge_record(record, end, a);
	else
		judge_failure(record, end, a);
	json_decref(record);
	return ret;
}

/* The kernel killed the run: a process cannot say so itself. */
static void because_of_memory(struct attempt *a)
{
	struct limits limits = { .count = 0 };
	char text[CELL_REASON_BYTES + 64];

	limits_add("", LIMIT_MEMORY, 0, &limits);
	if (limits.count != 0)
		(void)snprintf(text, sizeof(text),
			       "killed by the OOM killer of the control group: %s is %" PRIu64 " MiB",
			       path_tail(limits.list[0].path, 400), limits.list[0].limit / MIB);
	else
		(void)snprintf(text, sizeof(text), "killed by the OOM killer: the host's memory was short");
	because(a, STATE_FAILED, text);
	limits_free(&limits);
}

int attempt_make(const struct matrix_cell *cell, uint32_t round, uint32_t number, uint32_t limit_s,
		 struct attempt *a, struct error *e)
{
	struct host_activity before, after, during;
	int64_t kills = limits_oom_kills("");
	struct child_end end;
	int ret;

	*a = (struct attempt){ .state = STATE_FAILED };
	activity_read("", &before);
	ret = child_run(cell->command, limit_s, &end, e);
	if (ret != 0)
		return ret;
	activity_read("", &after);
	during = activity_since(&before, &after);
	ret = attempt_judge(&end, a);
	if (end.status == 128 + SIGKILL && kills >= 0 && limits_oom_kills("") > kills)
		because_of_memory(a);
	free(end.output);
	/* A run that is stopped before it handles signals dies of the signal; that is no failure of the cell. */
	if (ret == 0 && a->state == STATE_FAILED && stop_requested() != 0)
		because(a, STATE_PENDING, "stopped");
	if (ret != 0)
		return error_set(e, STATUS_FAILED, -ret, "sweep", "no memory for a run's record");
	a->run.round = round;
	a->run.attempt = number;
	a->run.wall_ns = end.wall_ns;
	a->run.steal_ns = during.steal_ns;
	a->run.host_minor_faults = during.minor_faults;
	a->run.host_major_faults = during.major_faults;
	a->run.numa_hit = during.numa_hit;
	a->run.numa_miss = during.numa_miss;
	return 0;
}

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

/* Those that a matrix leaves out where they are not known. */
static void put_known(json_t **o, const json_t *from, const char *name)
{
	json_t *value = json_object_get(from, name);

	if (value != NULL && !json_is_null(value))
		json_put(o, name, json_incref(value));
}

/* operations is null in a record, and 0 in a matrix, where single operations are not counted. */
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

		/* Of several vCPUs only the combined row is kept, whose vcpu is null. */
		if (vcpus > 1 && !json_is_null(json_object_get(result, "vcpu")))
			continue;
		row = json_object();
		for (size_t i = 0; i < COUNT_OF(row_members); i++)
			json_put(&row, row_members[i], row_member(result, row_members[i]));
		put_known(&row, result, "marks");
		put_known(&row, result, "stable_figure");
		put_known(&row, result, "first_touch");
		put_known(&row, result, "median_ns");
		put_known(&row, result, "throttled_share");
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
	for (size_t i = 0; i < COUNT_OF(unknown); i++)
		json_put(&run, unknown[i], json_null());
	json_put(&run, "observed_page_bytes", member(observed, "page_bytes"));
	json_put(&run, "leaves_4k", member(leaves, "pages_4k"));
	json_put(&run, "leaves_2m", member(leaves, "pages_2m"));
	json_put(&run, "leaves_1g", member(leaves, "pages_1g"));
	put_known(&run, json_object_get(record, "core_clock"), "core_per_tsc");
	json_put(&run, "rows", rows_of(record));
	return run;
}
