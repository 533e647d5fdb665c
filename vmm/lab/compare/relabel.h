/*
 * Which of many differences between two sweeps are more than chance, all of them taken together.
 */
#ifndef MINIVMM_LAB_COMPARE_RELABEL_H
#define MINIVMM_LAB_COMPARE_RELABEL_H

#include <stdbool.h>
#include <stdint.h>

/* By chance a whole comparison marks anything in at most so many cases. */
#define FAMILY_LEVEL 0.05

/* Up to so many ways to share the rounds out are all gone through; of more, so many are drawn. */
#define RELABEL_MOST 1000

/* One figure in both sweeps, on a logarithmic scale. */
struct contrast {
	const double *logs; /* of A's allocations, then of B's */
	/* The round that each value is of: A's are numbered from 0, B's go on behind the last of A's. */
	const uint32_t *rounds;
	uint32_t count_a, count_b;
	/* Found by relabel_judge. */
	uint32_t stratum; /* 0: all values lie within the threshold, so that no difference could matter */
	double p;         /* corrected for all figures; 1 in stratum 0 */
};

struct relabeling {
	uint32_t tested; /* figures that are not in stratum 0 */
	uint32_t strata; /* that have figures */
	uint32_t ways;   /* to share the rounds out that were tried, the real one among them */
	bool all_ways;   /* else they were drawn */
	double least_p;  /* no corrected p can be less; 1 where nothing is tested */
};

/*
 * Fill stratum and p of each of `count` contrasts and *how; the method is in relabel.c. `threshold`: the relative
 * difference from which on one matters. Deterministic. 0 or -ENOMEM.
 */
int relabel_judge(struct contrast *contrasts, uint32_t count, uint32_t rounds_a, uint32_t rounds_b,
		  double threshold, struct relabeling *how);

/* How many allocations each of two sweeps needs before anything can be marked, with so many strata. */
uint32_t relabel_least_allocations(uint32_t strata);

#endif
