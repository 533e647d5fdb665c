/*
 * A median with its interval by order statistics, and differences and ratios of what was measured side by side: of samples
 * within a run, of allocations within a sweep.
 */
#ifndef MINIVMM_LAB_RECORD_ESTIMATE_H
#define MINIVMM_LAB_RECORD_ESTIMATE_H

#include <stdbool.h>
#include <stdint.h>

#define ESTIMATE_LEVEL 0.95

/* A median with its interval over so many values; count 0: there is none. */
struct estimate {
	double value, low, high;
	uint32_t count;
	double coverage; /* how often such an interval holds what is estimated, 0 to 1; 0: of one value, no interval */
};

/* Is it an interval of 95 %, as its readers expect of one that is not said to be less? */
static inline bool estimate_has_ci95(const struct estimate *e)
{
	return e->count != 0 && e->coverage >= ESTIMATE_LEVEL;
}

/*
 * The median of `values` and its 95 % interval, which assumes nothing about how they are distributed: see
 * estimate.c. The interval is [least, greatest] of 2 to 5 values, and the value itself of one: it then covers the true
 * median as often as estimate_coverage says, not more. count 0: *out is all zero. 0, -EINVAL for a value that is not
 * finite, -ENOMEM.
 */
int estimate_make(const double *values, uint32_t count, struct estimate *out);

/* The same with an interval that covers the true median as often as `level` says, between 0 and 1. */
int estimate_make_at(const double *values, uint32_t count, double level, struct estimate *out);

/* How often the interval of so many values covers the true median: 1 - 2^(1-n) up to 5 values, from 6 on 0.95. */
double estimate_coverage(uint32_t count);

/* One value a round, ascending: values of one round were measured side by side. */
struct series {
	const double *values;
	const uint32_t *rounds;
	uint32_t count;
};

enum pairing { PAIR_RATIO, PAIR_DIFFERENCE };

/*
 * a / b or a - b of each round that both have, with its round, into values[] and rounds[] of at least the smaller count
 * (either may be NULL). A quotient that is not finite is no pair. Returns how many there are.
 */
uint32_t series_pair(struct series a, struct series b, enum pairing how, double *values, uint32_t *rounds);

/* The estimate over those pairs: count 0 where no round is common. 0, -EINVAL or -ENOMEM. */
int estimate_paired(struct series a, struct series b, enum pairing how, struct estimate *out);

#endif
