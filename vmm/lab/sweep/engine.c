/*
 * Rounds over all cells.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "vmm/lab/sweep/engine.h"
#include "vmm/util/clock.h"
#include "vmm/util/random.h"
#include "vmm/util/process.h"

/* How long beyond its own watchdog a run may take before the sweep ends it. */
#define BEYOND_WATCHDOG_S 60

struct engine {
	struct matrix *m;
	struct journal *journal;
	struct round_plan plan;
	int turn_fd;
	uint32_t *order;
	double *cost_s; /* of a round of each cell, the last one; 0: not run yet */
	uint64_t start_ns;
	sweep_progress_fn progress;
	struct error *e;
};

void sweep_order(uint64_t seed, uint32_t round, uint32_t count, uint32_t *order)
{
	/* The round is mixed in by one draw, so that neighbouring seeds and rounds do not share orders. */
	uint64_t rng = seed + ((uint64_t)round << 32);

	(void)random_next(&rng);
	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
	for (uint32_t i = count; i > 1; i--) {
		uint32_t other = random_below(&rng, i), kept = order[i - 1];

		order[i - 1] = order[other];
		order[other] = kept;
	}
}

void sweep_order_pairs(uint64_t seed, uint32_t round, uint32_t pairs, uint32_t *order)
{
	/* Other draws than those of the order. */
	uint64_t rng = ~seed - ((uint64_t)round << 32);

	(void)random_next(&rng);
	sweep_order(seed, round, pairs, order);
	for (uint32_t i = pairs; i > 0; i--) {
		uint32_t cell = 2 * order[i - 1], first = random_below(&rng, 2);

		order[2 * i - 2] = cell + first;
		order[2 * i - 1] = cell + 1 - first;
	}
}

static double seconds_since(uint64_t start_ns)
{
	return (double)(clock_ns() - start_ns) / NS_PER_S;
}

/* Rounds of cells that are still to be run, and how long they take if each is as before, a new one as the others' mean. */
static uint32_t count_open(const struct engine *en, double *left_s)
{
	double known_s = 0, open_s = 0;
	uint32_t known = 0, open = 0, open_unknown = 0;

	for (uint32_t i = 0; i < en->m->datum_count; i++) {
		uint32_t mine = 0;

		for (uint32_t round = 0; round < en->m->allocations; round++)
			mine += round_is_open(&en->m->cells[i], round, en->m->retries);
		open += mine;
		if (en->cost_s[i] > 0) {
			known++;
			known_s += en->cost_s[i];
			open_s += mine * en->cost_s[i];
		} else {
			open_unknown += mine;
		}
	}
	*left_s = known != 0 ? open_s + open_unknown * known_s / known : -1;
	return open;
}

static void report_progress(const struct engine *en, const char *key)
{
	struct sweep_progress p = { .round = en->plan.round + 1, .rounds = en->m->allocations, .key = key };
	uint32_t open;

	if (en->progress == NULL)
		return;
	open = count_open(en, &p.left_s);
	p.total = en->m->datum_count * en->m->allocations;
	p.done = p.total - open;
	p.elapsed_s = seconds_since(en->start_ns);
	en->progress(&p);
}

/* Returns like round_run. */
static int run_cell(struct engine *en, uint32_t number)
{
	struct matrix_cell *cell = &en->m->cells[number];
	int64_t waited_ns = turn_wait(en->turn_fd, TURN_LIMIT_S, en->progress, en->e);
	uint64_t start_ns = clock_ns();
	int ret;

	if (waited_ns < 0)
		return waited_ns == -EINTR ? 0 : (int)waited_ns;
	en->m->waited_ns += (uint64_t)waited_ns;
	ret = round_run(&en->plan, cell, en->e);
	turn_leave(en->turn_fd);
	en->cost_s[number] = seconds_since(start_ns);
	if (ret == 1 && journal_add(en->journal, cell, en->plan.round, en->e) != 0)
		ret = -EIO;
	return ret;
}

/* Returns like round_run. */
static int run_round(struct engine *en)
{
	struct matrix *m = en->m;

	if (m->versus != NULL)
		sweep_order_pairs(m->seed, en->plan.round, m->datum_count / 2, en->order);
	else
		sweep_order(m->seed, en->plan.round, m->datum_count, en->order);
	for (uint32_t i = 0; i < m->datum_count; i++) {
		const struct matrix_cell *cell = &m->cells[en->order[i]];
		int ret;

		if (!round_is_open(cell, en->plan.round, m->retries))
			continue;
		if (stop_requested() != 0)
			return 0;
		report_progress(en, cell->key);
		ret = run_cell(en, en->order[i]);
		if (ret != 1)
			return ret;
	}
	return 1;
}

static int run_rounds(struct engine *en)
{
	struct matrix *m = en->m;
	int ret = 1;

	/* Twice: a run that failed for a passing reason is tried once more at the end. */
	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t round = 0; round < m->allocations && ret == 1; round++) {
			en->plan.round = round;
			ret = run_round(en);
		}
	}
	if (ret != 1)
		return ret;
	for (uint32_t i = 0; i < m->datum_count; i++)
		round_settle(&m->cells[i]);
	m->complete = true;
	report_progress(en, NULL);
	return 0;
}

/* Of the sessions before this one: what their runs took. */
static double restored_seconds(const struct matrix *m)
{
	double seconds = 0;

	for (uint32_t i = 0; i < m->datum_count; i++) {
		for (uint32_t k = 0; k < m->cells[i].run_count; k++)
			seconds += (double)m->cells[i].runs[k].wall_ns / NS_PER_S;
	}
	return seconds;
}

int sweep_run(struct matrix *m, uint32_t timeout_s, struct journal *j, sweep_progress_fn progress,
	      struct error *e)
{
	json_int_t cpus = json_integer_value(json_object_get(m->host, "cpus"));
	struct engine en = {
		.m = m,
		.journal = j,
		.plan = { .retries = m->retries, .limit_s = timeout_s + BEYOND_WATCHDOG_S },
		.order = calloc(m->datum_count, sizeof(*en.order)),
		.cost_s = calloc(m->datum_count, sizeof(*en.cost_s)),
		.start_ns = clock_ns(),
		.progress = progress,
		.e = e,
	};
	double before_s = restored_seconds(m);
	int ret;

	if (cpus > 0 && cpus <= INT32_MAX)
		en.plan.cpus = (uint32_t)cpus;
	if (en.order == NULL || en.cost_s == NULL) {
		ret = error_set(e, STATUS_FAILED, ENOMEM, "sweep", "no memory for the order of its cells");
	} else {
		en.turn_fd = turn_open();
		ret = run_rounds(&en);
		if (en.turn_fd >= 0)
			(void)close(en.turn_fd);
	}
	m->seconds = before_s + seconds_since(en.start_ns);
	free(en.order);
	free(en.cost_s);
	return ret;
}
