/*
 * The experiment: rounds over all cells, each round in a shuffled order of its own; one round of one cell; and whether a run
 * was left alone.
 */
#ifndef MINIVMM_LAB_SWEEP_ENGINE_H
#define MINIVMM_LAB_SWEEP_ENGINE_H

#include "vmm/lab/sweep/matrix.h"
#include "vmm/lab/sweep/journal.h"
#include "vmm/util/error.h"

/* What the progress line shows. */
struct sweep_progress {
	uint32_t round, rounds; /* from 1 */
	uint32_t done, total;   /* rounds of cells */
	double elapsed_s;
	double left_s;   /* by what each cell took so far; negative: not known yet */
	const char *key; /* the cell that starts now; NULL: all is done */
};

typedef void (*sweep_progress_fn)(const struct sweep_progress *p);

/*
 * Run what is missing of m->allocations rounds in *m, which is planned and may hold the rounds of an interrupted sweep, and
 * write each into the journal. Every run is a process and an allocation of its own, runs of several sweeps on one host take
 * turns. A disturbed run is repeated up to m->retries times and the least disturbed one kept; a cell that failed more often
 * than that without a single good run is given up. progress may be NULL.
 *
 * 0: all rounds were run (m->complete), or the user stopped it (not complete). -errno with *e set where the sweep itself
 * cannot go on; *m then holds what it has.
 */
int sweep_run(struct matrix *m, uint32_t timeout_s, struct journal *j, sweep_progress_fn progress,
	      struct error *e);

/* The order of `count` cells in a round: a permutation into order[0..count). Pure, from seed and round alone. */
void sweep_order(uint64_t seed, uint32_t round, uint32_t count, uint32_t *order);

struct round_plan {
	uint32_t round;
	uint32_t retries;
	uint32_t limit_s; /* of one run */
	uint32_t cpus;    /* of the host; 0: not known */
};

/*
 * One round of one cell: attempts until one is quiet, and what they make of the cell. Returns 1 where the round is decided,
 * 0 where the user stopped it (the cell is as before but for its counts), or -errno with *e set.
 */
int round_run(const struct round_plan *plan, struct matrix_cell *cell, struct error *e);

/* Is there anything left to run of this cell in that round? Pure. */
bool round_is_open(const struct matrix_cell *cell, uint32_t round, uint32_t retries);

/* After the last round: a cell that never succeeded has failed. Pure. */
void round_settle(struct matrix_cell *cell);

/*
 * Judge *run, of a cell with `vcpus` on a host with `cpus` (0: not known), and write into run->disturbed what was wrong;
 * "" where nothing was. Three things count:
 *  - exits in a timed part that should have none: the record's verdict;
 *  - a hypervisor below that took more than one per cent of all CPUs' time during the run for others;
 *  - involuntary switches of a vCPU's thread that could have reached the figure. One switch spoils one sample, so a quarter
 *    of the samples of a part may have one: its minimum and its median stand. A part with a single sample may have one
 *    each 50 ms of the run. Where vCPUs share CPUs, switches are what is measured.
 * Returns how bad it is, 0 for quiet: of several attempts the least bad one is kept. Pure.
 */
double disturb_judge(struct matrix_run *run, uint32_t vcpus, uint32_t cpus);

#endif
