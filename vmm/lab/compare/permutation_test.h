/*
 * Which of many differences between two sweeps are more than chance, all of them taken together.
 */
#ifndef MINIVMM_LAB_COMPARE_PERMUTATION_TEST_H
#define MINIVMM_LAB_COMPARE_PERMUTATION_TEST_H

#include <stdbool.h>
#include <stdint.h>

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

/*
 * Fill stratum and p of each of `count` contrasts and *summary; the method is in permutation_test.c. `threshold`: the
 * relative difference from which on one matters. Deterministic. 0 or -ENOMEM.
 */
int permutation_test(struct contrast *contrasts, uint32_t count, uint32_t rounds_a, uint32_t rounds_b,
		     double threshold, struct permutation_summary *summary);

/* How many allocations each of two sweeps needs before anything can be marked, with so many strata. */
uint32_t permutation_least_allocations(uint32_t strata);

#endif
