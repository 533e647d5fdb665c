/*
 * Median, median absolute deviation and the interval of the median of one result's samples.
 */
#include "vmm/lab/record/stats.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/lab/record/estimate.h"

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Halves first: the sum of two large finite values may not be finite. */
static double mean_of_two(double a, double b)
{
	return a / 2 + b / 2;
}

void stats_sort(double *values, uint32_t count)
{
	qsort(values, count, sizeof(*values), by_value);
}

double stats_median(const double *sorted, uint32_t count)
{
	return count % 2 != 0 ? sorted[count / 2] : mean_of_two(sorted[count / 2 - 1], sorted[count / 2]);
}

char stats_worst_mark(const char *marks, uint32_t count)
{
	static const char better[] = { SAMPLE_QUIET, SAMPLE_CLOCK_MOVED };

	for (size_t w = 0; marks != NULL && w < sizeof(better); w++) {
		uint32_t counting = 0;

		for (uint32_t i = 0; i < count; i++)
			counting += marks[i] <= better[w];
		if (counting >= count - count / 2)
			return better[w];
	}
	return SAMPLE_DISTURBED;
}

double stats_min(const double *samples, const char *marks, uint32_t count)
{
	double least = INFINITY, quiet = INFINITY;

	for (uint32_t i = 0; i < count; i++) {
		least = fmin(least, samples[i]);
		if (marks != NULL && marks[i] == SAMPLE_QUIET)
			quiet = fmin(quiet, samples[i]);
	}
	return quiet < INFINITY ? quiet : least;
}

uint32_t stats_keep_quiet(const double *samples, const char *marks, uint32_t count, double *kept)
{
	const char worst = stats_worst_mark(marks, count);
	uint32_t quiet = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (marks == NULL || marks[i] <= worst)
			kept[quiet++] = samples[i];
	}
	return quiet;
}

int summary_make(const double *samples, const char *marks, uint32_t count, struct summary *out)
{
	double *work = calloc((size_t)count + 1, sizeof(*work));
	struct estimate median;
	uint32_t kept;
	int ret;

	if (work == NULL)
		return -ENOMEM;
	kept = stats_keep_quiet(samples, marks, count, work);
	ret = kept != 0 ? estimate_make(work, kept, &median) : -EINVAL;
	if (ret == 0) {
		out->min = stats_min(samples, marks, count);
		out->median = median.value;
		out->within_allocation[0] = median.low;
		out->within_allocation[1] = median.high;
		out->coverage = median.coverage;
		out->left_out = count - kept;
		for (uint32_t i = 0; i < kept; i++)
			work[i] = fabs(work[i] - median.value);
		stats_sort(work, kept);
		out->mad = stats_median(work, kept);
		ret = isfinite(out->mad) ? 0 : -EINVAL;
	}
	free(work);
	return ret;
}
