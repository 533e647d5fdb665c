/*
 * The parts of matrix_derive, and what a comparison shares with them. Each 0, -ENOMEM, or -EINVAL for a figure that is not
 * finite; what a failed one has made stays with the matrix and is released with it.
 */
#ifndef MINIVMM_LAB_SWEEP_DERIVE_H
#define MINIVMM_LAB_SWEEP_DERIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/lab/sweep/key.h"
#include "vmm/lab/sweep/matrix.h"

/* The cell's figures from its runs; it has none yet. */
int figures_make(struct matrix_cell *cell);

/* Of all figures to the baseline's. */
int ratios_make(struct matrix *m, const struct key_index *index);

int translations_make(struct matrix *m, const struct key_index *index);
int speed_ups_make(struct matrix *m, const struct key_index *index);

/* After translations_make. */
int matrix_knees_make(struct matrix *m);

/* Whether anything is derived from its figures: all is as it was asked for, as far as it has run. */
bool cell_takes_part(const struct matrix_cell *cell);

/*
 * The figure of `cell` that can be compared with *f: the same part, working set, unit and statistic, and there is a
 * value. NULL: none, or the cell takes no part.
 */
const struct matrix_figure *figure_like(const struct matrix_cell *cell, const struct matrix_figure *f);

/* One figure of a workload, on a curve over working sets. */
struct curve_point {
	char configuration[KEY_JOINED_BYTES]; /* all of the key but workload and working set */
	const struct matrix_cell *cell;
	const struct matrix_figure *figure;
};

/*
 * The figures of all cells of that workload that take part, by configuration and pages: the points of one curve are neighbours.
 * *points is owned by the caller; NULL where there are none. 0 or -ENOMEM.
 */
int curve_points_make(const struct matrix *m, const char *workload, struct curve_point **points,
		      uint32_t *count);

/* Room in `array` for one more than `count` members of `bytes`: the array, perhaps moved; or NULL, then it is as it was. */
void *array_room(void *array, uint32_t count, size_t bytes);

#endif
