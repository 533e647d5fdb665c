/*
 * Median, median absolute deviation and the interval of the median of one result's samples.
 */
#include "vmm/lab/record/stats.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

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

int summary_make(const double *samples, uint32_t count, struct summary *out)
{
	struct estimate median;
	double *work;
	int ret;

	if (count == 0)
		return -EINVAL;
	ret = estimate_make(samples, count, &median);
	if (ret != 0)
		return ret;
	work = calloc(count, sizeof(*work));
	if (work == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		work[i] = samples[i];
	stats_sort(work, count);
	out->min = work[0];
	out->median = median.value;
	out->within_allocation[0] = median.low;
	out->within_allocation[1] = median.high;
	for (uint32_t i = 0; i < count; i++)
		work[i] = fabs(samples[i] - out->median);
	stats_sort(work, count);
	out->mad = stats_median(work, count);
	free(work);
	return isfinite(out->mad) ? 0 : -EINVAL;
}
