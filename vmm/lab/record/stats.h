/*
 * Summary statistics. Pure. A header of its own: sweeps and comparisons need no record.
 */
#ifndef MINIVMM_LAB_RECORD_STATS_H
#define MINIVMM_LAB_RECORD_STATS_H

#include <stdint.h>

/* Median and friends of one result's samples, in its unit. */
struct summary {
	double min, median, mad; /* mad: median absolute deviation, unscaled */
	/*
	 * Of the median, by order statistics (estimate.h). The samples are of one allocation and follow each other, so it
	 * says how well this allocation's median is known, not how the next one will turn out.
	 */
	double within_allocation[2];
};

/* 0, -EINVAL for count 0 or a sample that is not finite, -ENOMEM. samples are not changed. */
int summary_make(const double *samples, uint32_t count, struct summary *out);

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
