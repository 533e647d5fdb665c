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
	uint32_t left_out; /* disturbed samples that do not count */
};

/*
 * The samples to count, into kept[0..count), by their marks (SAMPLE_*, NULL: none are known): disturbed ones are left out where
 * at least half of all remain. Where fewer do, the core's clock changes all the time, and what remains would be a few
 * samples of one moment. How many are kept.
 */
uint32_t stats_keep_quiet(const double *samples, const char *marks, uint32_t count, double *kept);

/* 0, -EINVAL for count 0 or a sample that is not finite, -ENOMEM. samples are not changed. */
int summary_make(const double *samples, const char *marks, uint32_t count, struct summary *out);

/* Sorts values[] in place, all finite. */
void stats_sort(double *values, uint32_t count);

/* Of count > 0 values in ascending order; of an even number the mean of the middle two. */
double stats_median(const double *sorted, uint32_t count);

/*
 * Marks of samples, by the add chains beside them (include/core_clock.h), never by the sample itself. Moved: the readings
 * before and after it differ by more than 0.5 %. Disturbed: one is 2 % over the vCPU's least, or neither counts, because
 * the CPU was elsewhere meanwhile. The greater character is the worse mark.
 */
#define SAMPLE_QUIET '.'
#define SAMPLE_CLOCK_MOVED 'm'
#define SAMPLE_DISTURBED 'x'

#endif
