/*
 * What follows from the runs of a matrix: the steps of matrix_derive, medians with their intervals, and what a comparison
 * shares with them.
 */
#ifndef MINIVMM_LAB_SWEEP_DERIVE_H
#define MINIVMM_LAB_SWEEP_DERIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/lab/record/estimate.h"
#include "vmm/lab/sweep/key.h"
#include "vmm/lab/sweep/matrix.h"

/*
 * The steps, in their order. Each 0, -ENOMEM, or -EINVAL for a figure that is not finite; what a failed one has made stays
 * with the matrix and is released with it.
 */
int figures_make(struct matrix_cell *cell); /* from the cell's runs; it has no figures yet */
int ratios_make(struct matrix *m, const struct key_index *index);
int curves_make(struct matrix *m, const struct key_index *index); /* translations and knees */
int twins_make(struct matrix *m);
int speed_ups_make(struct matrix *m, const struct key_index *index);

/* "translation", "null" or "layout". */
const char *twin_what(const struct matrix_twin *twin);
/* Of an entry of a block, as the record has it: "4K/2M", "again", "packed". */
const char *twin_entry_name(uint32_t entry);

/* Whether anything is derived from its figures: all is as it was asked for, as far as it has run. */
bool cell_is_compared(const struct matrix_cell *cell);

/*
 * The figure of `cell` that can be compared with *f: the same part, working set, unit and statistic, and there is a
 * value. NULL: none, or the cell takes no part.
 */
const struct matrix_figure *figure_like(const struct matrix_cell *cell, const struct matrix_figure *f);

/* A run's row of that figure; NULL: it has none. */
const struct matrix_row *figure_row(const struct matrix_run *run, const struct matrix_figure *f);

/* What process and host counted during a run, beside its figures. */
enum run_count {
	RUN_MINOR_FAULTS,
	RUN_MAJOR_FAULTS,
	RUN_HOST_MINOR_FAULTS,
	RUN_HOST_MAJOR_FAULTS,
	RUN_NUMA_HIT,
	RUN_NUMA_MISS,
	RUN_COUNTS
};

/* The median of each over those runs of the cell that know it; NAN where none does. 0 or -ENOMEM. */
int run_counts_medians(const struct matrix_cell *cell, double medians[RUN_COUNTS]);

static inline struct series series_of(const struct matrix_figure *f)
{
	return (struct series){ f->values, f->rounds, f->count };
}

/*
 * Knees of a curve of `count` points in ascending order of pages: below[], of count - 1 items, takes for each the point that
 * it lies behind. Returns how many there are. The rule is in curves.c.
 */
uint32_t knees_find(const struct estimate *curve, uint32_t count, uint32_t *below);

#endif
