/*
 * Two sweeps, figure by figure: what differs by more than chance, and by enough to matter. Schema minivmm.compare/1.
 */
#ifndef MINIVMM_LAB_COMPARE_COMPARE_H
#define MINIVMM_LAB_COMPARE_COMPARE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "vmm/lab/compare/relabel.h"
#include "vmm/lab/sweep/matrix.h"
#include "vmm/util/error.h"

#define COMPARE_SCHEMA "minivmm.compare/1"

/* A and B, in this order, everywhere. */
enum side { SIDE_A, SIDE_B, SIDES };

/* One figure that both sweeps have: the same cell, part, working set, unit and statistic. */
struct compared {
	const struct matrix_cell *cells[SIDES];
	const struct matrix_figure *figures[SIDES];
	struct estimate ratio; /* B / A of the medians, with its interval (unpaired.h) */
	double excess;         /* of the larger over the smaller: 0.03 for 1.03 and for 1 / 1.03 */
	bool tested;           /* false: all values of both lie within the threshold */
	double p;              /* corrected for all figures (relabel.h); 1 where not tested */
	bool marked;           /* p <= FAMILY_LEVEL, the interval excludes 1, and excess >= threshold */
};

struct comparison {
	const struct matrix *sweeps[SIDES]; /* borrowed */
	const char *names[SIDES];           /* of the files; borrowed */
	double threshold;
	uint32_t count, marked;
	struct compared *figures; /* owned; marked ones first, then by excess, largest first */
	struct relabeling how;
	double together, least, greatest; /* median and extremes of all ratios */
	/* Owned; what differs besides and why not all is compared. See emit_json.c for their members. */
	json_t *differences; /* of host, version and plan */
	json_t *only[SIDES]; /* keys of cells that one has */
	json_t *left_out;    /* figures and cells of both that are not compared, with the reason */
};

/*
 * Compare two matrices after matrix_derive; both, and the names, outlive *c. threshold: the relative difference from which on
 * one matters, 0.01 is 1 %. 0, or -errno with *e set and nothing to free: STATUS_USAGE where what they measured is not the
 * same (accesses, aliasing, accessed and dirty bits, memory of a cell, unit, statistic or pages of a figure) or they
 * have no figure in common; STATUS_FAILED for no memory.
 */
int comparison_make(const struct matrix *a, const struct matrix *b, const char *const names[SIDES],
		    double threshold, struct comparison *c, struct error *e);

/* Safe on a zeroed one. */
void comparison_free(struct comparison *c);

/* For people, up to 100 columns; `all`: every figure, not only those that are marked. 0 or -errno. */
int comparison_emit_text(const struct comparison *c, bool all, FILE *out);

/* Schema minivmm.compare/1. 0 or -errno. */
int comparison_emit_json(const struct comparison *c, FILE *out);

#endif
