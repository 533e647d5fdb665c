/*
 * Two sweeps, figure by figure: what differs by more than chance, and by enough to matter. Schema minivmm.compare/2.
 */
#ifndef MINIVMM_LAB_COMPARE_COMPARE_H
#define MINIVMM_LAB_COMPARE_COMPARE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "vmm/lab/sweep/matrix.h"
#include "vmm/util/error.h"

#define COMPARE_SCHEMA "minivmm.compare/2"

/* In at most this share of comparisons chance marks anything at all (family-wise error rate). */
#define FAMILY_LEVEL 0.05

/* Up to so many permutations of the labels all are tried; of more, so many are drawn at random. */
#define PERMUTATIONS_MAX 1000

/* One figure in both sweeps, on a logarithmic scale. */
struct contrast {
	const double *logs; /* of A's allocations, then of B's */
	/* The round of each value: A's rounds are numbered from 0, B's continue behind the last of A's. */
	const uint32_t *rounds;
	uint32_t count_a, count_b;
	/* Filled by permutation_test. */
	uint32_t stratum; /* 0: all values lie within the threshold, so that no difference could matter */
	double p;         /* corrected for all figures; 1 in stratum 0 */
};

struct permutation_summary {
	uint32_t tested;       /* figures that are not in stratum 0 */
	uint32_t strata;       /* that have figures */
	uint32_t permutations; /* that were tried, the real labels included */
	bool exhaustive;       /* all of them; else they were drawn at random */
	double least_p;        /* no corrected p can be smaller; 1 where nothing is tested */
};

/* A and B, in this order, everywhere. */
enum side { SIDE_A, SIDE_B, SIDES };

/* A ratio B / A and what it is worth. */
struct tested_ratio {
	struct estimate ratio; /* with its 95 % interval; count 0: there is none */
	double excess;         /* of the larger over the smaller: 0.03 for 1.03 and for 1 / 1.03 */
	bool tested; /* false: no difference beyond the threshold is possible, or nothing to test against */
	double p;    /* 1 where not tested */
	bool marked; /* p <= FAMILY_LEVEL, the interval excludes 1, and excess >= threshold */
};

/* One figure that both sweeps have: the same cell, part, working set, unit and statistic. */
struct compared {
	uint32_t index; /* in the order of A's cells and their figures */
	const struct matrix_cell *cells[SIDES];
	const struct matrix_figure *figures[SIDES];
	struct estimate
		ratio; /* B / A of the medians as they were measured, with its interval (ratio_interval) */
	/*
	 * Of two sides of one sweep: the test of that ratio. Of two sweeps: of the values less what all figures of a round have in common (common_factor.c); p is corrected for all figures
	 * (permutation_test.c). With fewer than COMPARISON_LEAST_FIGURES nothing can be told from that: there is no ratio.
	 */
	struct tested_ratio alone;
};

/* Of two figures that part, either may be the one that moved. */
#define COMPARISON_LEAST_FIGURES 3

/* The core's clock over the TSC's: means of single runs. runs 0: no run of that sweep knows it. */
struct clock_range {
	double mean, least, greatest;
	uint32_t runs;
};

struct comparison {
	bool paired; /* the two sides of one sweep, whose rounds are pairs; else two sweeps */
	const struct matrix *sweeps[SIDES]; /* borrowed */
	const char *names[SIDES];           /* of the files, or what the sides are; borrowed */
	double threshold;
	uint32_t count, marked;
	struct compared *figures; /* owned; marked ones first, then by what they have alone, largest first */
	struct permutation_summary test;
	struct tested_ratio
		common; /* what all figures have in common, tested by itself; rates count the other way round */
	double least_ratio, greatest_ratio; /* of single figures, as they were measured */
	struct clock_range clocks[SIDES];
	/* Owned, as json.c writes them. */
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

/*
 * The same of the two sides of one sweep (m->versus), paired by round: what is not the same is left out with the reason.
 * 0, or -errno with *e set: STATUS_USAGE where the sweep has one side or the two have no figure in common.
 */
int comparison_of_sides(const struct matrix *m, const char *const names[SIDES], double threshold,
			struct comparison *c, struct error *e);

/* Store what a comparison of sides says of each figure of B in *m, the matrix it is of. */
void comparison_note(const struct comparison *c, struct matrix *m);

/* Safe on a zeroed one. */
void comparison_free(struct comparison *c);

/* For people, up to 100 columns; `all`: every figure, not only those that are marked. 0 or -errno. */
int comparison_text(const struct comparison *c, bool all, FILE *out);

/* The document as an object: a new reference, or NULL: no memory. */
json_t *comparison_document(const struct comparison *c);

/* Schema minivmm.compare/2. 0 or -errno. */
int comparison_json(const struct comparison *c, FILE *out);

#define COMPARISON_METHOD_BYTES 1024

/* A sentence on how p was corrected for many figures. Returns buf, of COMPARISON_METHOD_BYTES. */
const char *comparison_method(const struct comparison *c, char *buf);

/*
 * Fill stratum and p of each of `count` contrasts and *summary; the method is in permutation_test.c. `threshold`: the
 * relative difference from which on one matters. Deterministic. 0 or -ENOMEM.
 */
int permutation_test(struct contrast *contrasts, uint32_t count, uint32_t rounds_a, uint32_t rounds_b,
		     double threshold, struct permutation_summary *summary);

/*
 * The same for pairs: logs are log(B / A) of count_a pairs, count_b is 0, and rounds are numbered from 0 to below `rounds`.
 * permutations: ways to flip the signs of whole rounds, of which those that only exchange A and B count once.
 */
int sign_flip_test(struct contrast *contrasts, uint32_t count, uint32_t rounds, double threshold,
		   struct permutation_summary *summary);

/* How many rounds of pairs it takes before anything can be marked, with so many strata. */
uint32_t sign_flip_least_rounds(uint32_t strata);

/* How many allocations each of two sweeps needs before anything can be marked, with so many strata. */
uint32_t permutation_least_allocations(uint32_t strata);

/*
 * B / A of values > 0: the ratio of their medians, with the 95 % interval of the factor between them, which assumes no
 * distribution (ratio_interval.c). out->count is the smaller of the two counts; 0 where one is 0. With fewer than 4 and 4
 * values the interval is the range of all ratios, and covers the factor in 1 - 2 / C(a + b, a) of cases. 0, -EINVAL for a
 * value that is not finite or not above 0, -ENOMEM.
 */
int ratio_interval(const double *a, uint32_t count_a, const double *b, uint32_t count_b,
		   struct estimate *out);

/*
 * The effect of each round that all figures have in common, into effects[rounds]: logarithms, > 0 is slower. The contrasts
 * are not centred yet; is_rate[i]: more is faster. 0 or -ENOMEM.
 */
int common_effects(const struct contrast *contrasts, const bool *is_rate, uint32_t count, uint32_t rounds,
		   double *effects);

/* Fill excess to marked of *tested, which has its ratio, from the test of `contrast`. */
void ratio_judge(struct tested_ratio *tested, const struct contrast *contrast, double threshold);

/* Compare the pairs of all rounds: the ratios, tests and marks of *c. 0, -EINVAL for a ratio that is not finite, -ENOMEM. */
int test_rounds(struct comparison *c);

/* Why the two did not measure the same, so that no ratio would mean anything: the first few reasons, and how many. */
struct mismatch {
	uint32_t count;
	char first[400];
};

/* The steps of comparison_make. */
void mismatch_add(struct mismatch *mismatch, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Find the figures of both into c->figures, without ratios; what one has alone, and what is left out. -ENOMEM; a json_t
 * that could not grow is NULL then, which comparison_make looks for at the end.
 */
int pair_sweeps(struct comparison *c, struct mismatch *mismatch);

/* Compare plan, version, host and clock; what makes the measurement another goes into *mismatch. */
void find_differences(struct comparison *c, struct mismatch *mismatch);

#endif
