#include "vmm/lab/sweep/attempt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/host/activity.h"
#include "vmm/util/append.h"
#include "vmm/util/stop.h"

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
	char text[640];

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

int attempt_make(const struct matrix_cell *cell, uint32_t round, uint32_t number, uint32_t limit_s,
		 struct attempt *a, struct error *e)
{
	struct host_activity before, after, during;
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
	free(end.output);
	/* A run that is told to end before it can listen dies of the signal: that is nobody's failure. */
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
