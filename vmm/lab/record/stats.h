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
	double coverage;   /* how often such an interval holds that median (estimate.h) */
	uint32_t left_out; /* samples that do not count, by their marks */
};

/*
 * The worst mark (SAMPLE_*) that a sample which counts may have: the least one that at least half of all samples do not
 * exceed. Fewer would be samples of a few moments. marks NULL: none are known, and all samples count.
 */
char stats_worst_mark(const char *marks, uint32_t count);

/*
 * The least quiet sample, however few are quiet: nothing makes a sample shorter than it is, but a clock that is not known
 * well makes it seem so. Where none is quiet, the least of all.
 */
double stats_min(const double *samples, const char *marks, uint32_t count);

/* The samples that count, into kept[0..count). How many. */
uint32_t stats_keep_quiet(const double *samples, const char *marks, uint32_t count, double *kept);

/* 0, -EINVAL for count 0 or a sample that is not finite, -ENOMEM. samples are not changed. */
int summary_make(const double *samples, const char *marks, uint32_t count, struct summary *out);

/* Sorts values[] in place, all finite. */
void stats_sort(double *values, uint32_t count);

/* Of count > 0 values in ascending order; of an even number the mean of the middle two. */
double stats_median(const double *sorted, uint32_t count);

/*
 * Marks of samples, by the add chains beside them (include/core_clock.h), never by the sample itself (clock.c). Moved: the
 * clock before it and after it differ by more than 0.5 %. Disturbed: a chain beside it was held up, so that the two lengths
 * contradict each other or both are 2 % over those before and behind. A clock that is slow, but steady, is no disturbance. The
 * greater character is the worse mark.
 */
#define SAMPLE_QUIET '.'
#define SAMPLE_CLOCK_MOVED 'm'
#define SAMPLE_DISTURBED 'x'

#endif
