/*
 * Summary statistics. Pure and repeatable: the bootstrap has its own seeded generator. A header of its own:
 * sweeps and comparisons need no record.
 */
#ifndef MINIVMM_LAB_RECORD_STATS_H
#define MINIVMM_LAB_RECORD_STATS_H

#include <stdint.h>

/* Median and friends of one result's samples, in its unit. */
struct summary {
	double min, median, mad; /* mad: median absolute deviation, unscaled */
	double ci95[2]; /* bootstrap percentile interval of the median; both = median for one sample */
};

/* 0, -EINVAL for count 0 or a sample that is not finite, -ENOMEM. samples are not changed. */
int summary_make(const double *samples, uint32_t count, uint64_t seed, struct summary *out);

/* Sorts values[] in place, all finite. */
void stats_sort(double *values, uint32_t count);

/* Of count > 0 values in ascending order; of an even number the mean of the middle two. */
double stats_median(const double *sorted, uint32_t count);

/*
 * Up to so many lines (64 KiB, and their page-table entries) a chase stays in the second-level cache of any
 * current CPU. There the minimum is the stable figure; beyond it, L3, DRAM and neighbours take part.
 */
#define IN_CORE_PAGES 1024

#endif
