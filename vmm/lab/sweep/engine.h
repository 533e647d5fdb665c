/*
 * The experiment itself: rounds over all cells, each round in a shuffled order of its own.
 */
#ifndef MINIVMM_LAB_SWEEP_ENGINE_H
#define MINIVMM_LAB_SWEEP_ENGINE_H

#include "vmm/lab/sweep/matrix.h"
#include "vmm/lab/sweep/journal.h"
#include "vmm/util/error.h"

/* What a person who waits wants to know. */
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

#endif
