/*
 * One round of one cell, and the judgement whether a run was left alone.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "vmm/lab/sweep/engine.h"
#include "vmm/util/text.h"

#define STEAL_SHARE 0.01
#define NS_PER_SWITCH (50 * INT64_C(1000000))

static int64_t switches_allowed(const struct matrix_run *run, const struct matrix_row *row, uint32_t vcpus)
{
	int64_t each = row->sample_count > 1 ? row->sample_count / 4
					     : 1 + (run->wall_ns > 0 ? run->wall_ns / NS_PER_SWITCH : 0);

	return each * vcpus;
}

/* By how many switches the worst part has more than it may. */
static int64_t switches_too_many(const struct matrix_run *run, uint32_t vcpus)
{
	int64_t worst = 0;

	for (uint32_t i = 0; i < run->row_count; i++) {
		const struct matrix_row *row = &run->rows[i];
		int64_t more = row->switches - switches_allowed(run, row, vcpus);

		if (row->sample_count != 0 && more > worst)
			worst = more;
	}
	return worst;
}

/* The largest share of a timed part in which a quota stopped it. */
static double throttled_most(const struct matrix_run *run)
{
	double most = 0;

	for (uint32_t i = 0; i < run->row_count; i++)
		most = run->rows[i].throttled_share > most ? run->rows[i].throttled_share : most;
	return most;
}

double disturb_judge(struct matrix_run *run, uint32_t vcpus, uint32_t cpus)
{
	int64_t switches = cpus != 0 && vcpus > cpus ? 0 : switches_too_many(run, vcpus);
	double badness = 0, steal = 0, throttled = throttled_most(run);
	const size_t size = sizeof(run->disturbed);

	run->disturbed[0] = '\0';
	if (throttled > 0) {
		append_remark(run->disturbed, size,
			      "a control group's CPU quota stopped a timed part for %.1f %% of its time",
			      100 * throttled);
		badness += 1000 * throttled;
	} else if (strcmp(run->verdict, "disturbed") == 0) {
		append_remark(run->disturbed, size, "exits in a timed part that should have none");
		badness += 1000;
	}
	if (run->steal_ns > 0 && run->wall_ns > 0)
		steal = (double)run->steal_ns / ((double)run->wall_ns * (cpus != 0 ? cpus : 1));
	if (steal > STEAL_SHARE) {
		append_remark(run->disturbed, size, "steal time: %.1f %% of all CPUs' time", 100 * steal);
		badness += 100 * steal;
	}
	if (switches > 0) {
		append_remark(run->disturbed, size,
			      "%" PRId64 " involuntary switches too many in a timed part", switches);
		badness += (double)switches;
	}
	return badness;
}

static bool gave_up(const struct matrix_cell *cell, uint32_t retries)
{
	return cell->state != STATE_OK && cell->failed_runs > retries;
}

bool round_is_open(const struct matrix_cell *cell, uint32_t round, uint32_t retries)
{
	if (cell->state == STATE_REFUSED || cell->state == STATE_UNAVAILABLE || gave_up(cell, retries))
		return false;
	for (uint32_t i = 0; i < cell->run_count; i++) {
		if (cell->runs[i].round == round)
			return false;
	}
	return true;
}

void round_settle(struct matrix_cell *cell)
{
	if (cell->state == STATE_PENDING && cell->failed_runs != 0)
		cell->state = STATE_FAILED;
}

/* Runs with the wrong page sizes are kept as evidence until a right one succeeds. */
static void drop_runs(struct matrix_cell *cell)
{
	for (uint32_t i = 0; i < cell->run_count; i++)
		matrix_run_free(&cell->runs[i]);
	cell->run_count = 0;
}

static int keep(struct matrix_cell *cell, enum cell_state state, const char *reason, struct matrix_run *run,
		struct error *e)
{
	if (state == STATE_OK && cell->state == STATE_MISMATCH)
		drop_runs(cell);
	cell_set_state(cell, state, reason);
	if (matrix_cell_add_run(cell, run) != 0)
		return error_set(e, STATUS_FAILED, ENOMEM, "sweep", "no memory for a run");
	return 1;
}

/* An attempt without a figure. Returns like round_run. */
static int settle_failure(struct matrix_cell *cell, struct attempt *a, struct error *e)
{
	if (a->state == STATE_PENDING)
		return 0;
	if (a->state == STATE_REFUSED || a->state == STATE_UNAVAILABLE) {
		if (cell->state == STATE_OK)
			cell->failed_runs++;
		else
			cell_set_state(cell, a->state, a->reason);
		return 1;
	}
	cell->failed_runs++;
	if (cell->state == STATE_OK)
		return 1;
	if (a->state == STATE_MISMATCH)
		return keep(cell, STATE_MISMATCH, a->reason, &a->run, e);
	if (cell->state != STATE_MISMATCH)
		(void)snprintf(cell->reason, sizeof(cell->reason), "%s", a->reason);
	return 1;
}

/*
 * Attempts until one is quiet or fails. *best is the least disturbed run (row_count 0: none), with the number of attempts.
 * Returns like round_run.
 */
static int try_all(const struct round_plan *plan, struct matrix_cell *cell, struct matrix_run *best,
		   struct error *e)
{
	double least = 0;
	bool have = false;

	for (uint32_t number = 1; number <= plan->retries + 1; number++) {
		struct attempt a;
		double badness;
		int ret = attempt_make(cell, plan->round, number, plan->limit_s, &a, e);

		if (ret == 0 && a.state != STATE_OK) {
			ret = have && a.state != STATE_PENDING ? 1 : settle_failure(cell, &a, e);
			matrix_run_free(&a.run);
			return ret;
		}
		if (ret != 0)
			return ret;
		badness = disturb_judge(&a.run, cell->vcpus, plan->cpus);
		cell->disturbed_runs += badness > 0;
		if (!have || badness < least) {
			matrix_run_free(best);
			*best = a.run;
			least = badness;
		} else {
			matrix_run_free(&a.run);
		}
		have = true;
		best->attempt = number;
		if (badness == 0)
			break;
	}
	return 1;
}

int round_run(const struct round_plan *plan, struct matrix_cell *cell, struct error *e)
{
	struct matrix_run best = { 0 };
	int ret = try_all(plan, cell, &best, e);

	if (ret == 1 && best.attempt != 0)
		ret = keep(cell, STATE_OK, "", &best, e);
	matrix_run_free(&best);
	return ret;
}
