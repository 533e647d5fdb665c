/*
 * One round of one cell: attempts until one is quiet, and what they make of the cell.
 */
#ifndef MINIVMM_LAB_SWEEP_ROUND_H
#define MINIVMM_LAB_SWEEP_ROUND_H

#include "vmm/lab/sweep/matrix.h"
#include "vmm/util/error.h"

struct round_plan {
	uint32_t round;
	uint32_t retries;
	uint32_t limit_s; /* of one run */
	uint32_t cpus;    /* of the host; 0: not known */
};

/*
 * Returns 1 where the round is decided, 0 where the user stopped it (the cell is as before but for its counts), or -errno
 * with *e set.
 */
int round_run(const struct round_plan *plan, struct matrix_cell *cell, struct error *e);

/* Is there anything left to run of this cell in that round? Pure. */
bool round_is_open(const struct matrix_cell *cell, uint32_t round, uint32_t retries);

/* After the last round: a cell that never succeeded has failed. Pure. */
void round_settle(struct matrix_cell *cell);

#endif
