/*
 * What process and host counted beside the figures of a cell: medians over its runs.
 */
#ifndef MINIVMM_LAB_SWEEP_RUN_COUNTS_H
#define MINIVMM_LAB_SWEEP_RUN_COUNTS_H

#include "vmm/lab/sweep/matrix.h"

enum run_count {
	RUN_MINOR_FAULTS,
	RUN_MAJOR_FAULTS,
	RUN_HOST_MINOR_FAULTS,
	RUN_HOST_MAJOR_FAULTS,
	RUN_NUMA_HIT,
	RUN_NUMA_MISS,
	RUN_COUNTS
};

/* Each of those runs that know the count; NAN where none does. 0 or -ENOMEM. */
int run_counts_medians(const struct matrix_cell *cell, double medians[RUN_COUNTS]);

#endif
