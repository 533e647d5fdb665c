/*
 * What follows from the runs of a matrix: the steps of matrix_derive, medians with their intervals, and what a comparison
 * shares with them.
 */
#ifndef MINIVMM_LAB_SWEEP_DERIVE_H
#define MINIVMM_LAB_SWEEP_DERIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/lab/sweep/key.h"
#include "vmm/lab/sweep/matrix.h"

/*
 * The steps, in their order. Each 0, -ENOMEM, or -EINVAL for a figure that is not finite; what a failed one has made stays
 * with the matrix and is released with it.
 */
int figures_make(struct matrix_cell *cell); /* from the cell's runs; it has no figures yet */
int ratios_make(struct matrix *m, const struct key_index *index);
int translations_make(struct matrix *m, const struct key_index *index);
int speed_ups_make(struct matrix *m, const struct key_index *index);
int knees_make(struct matrix *m); /* after translations_make */

/* Whether anything is derived from its figures: all is as it was asked for, as far as it has run. */
bool cell_takes_part(const struct matrix_cell *cell);

/*
 * The figure of `cell` that can be compared with *f: the same part, working set, unit and statistic, and there is a
 * value. NULL: none, or the cell takes no part.
 */
const struct matrix_figure *figure_like(const struct matrix_cell *cell, const struct matrix_figure *f);

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

/*
 * The median of `values` and its 95 % interval, which assumes nothing about how they are distributed: see
 * estimate.c. The interval is [least, greatest] of 2 to 5 values, and the value itself of one: it then covers the true
 * median as often as estimate_coverage says, not more. count 0: *out is all zero. 0, -EINVAL for a value that is not
 * finite, -ENOMEM.
 */
int estimate_make(const double *values, uint32_t count, struct estimate *out);

/* How often the interval of so many values covers the true median: 1 - 2^(1-n) up to 5 values, from 6 on 0.95. */
double estimate_coverage(uint32_t count);

/* One value an allocation, with the round of each, ascending: values of one round were measured side by side. */
struct series {
	const double *values;
	const uint32_t *rounds;
	uint32_t count;
};

static inline struct series series_of(const struct matrix_figure *f)
{
	return (struct series){ f->values, f->rounds, f->count };
}

enum pairing { PAIR_RATIO, PAIR_DIFFERENCE };

/*
 * a / b or a - b of each round that both have, with its round, into values[] and rounds[] of at least the smaller count
 * (either may be NULL). A quotient that is not finite is no pair. Returns how many there are.
 */
uint32_t series_pair(const struct series *a, const struct series *b, enum pairing how, double *values,
		     uint32_t *rounds);

/* The estimate over those pairs: count 0 where no round is common. 0, -EINVAL or -ENOMEM. */
int estimate_paired(const struct series *a, const struct series *b, enum pairing how, struct estimate *out);

/*
 * Knees of a curve of `count` points in ascending order of pages: below[], of count - 1 items, takes for each the point that
 * it lies behind. Returns how many there are. The rule is in curves.c.
 */
uint32_t knees_find(const struct estimate *curve, uint32_t count, uint32_t *below);

#endif
