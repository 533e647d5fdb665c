/*
 * Median, median absolute deviation and the bootstrap percentile interval (Efron and Tibshirani, An
 * Introduction to the Bootstrap, chapter 13) of one result's samples.
 */
#include "vmm/lab/record/stats.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "vmm/util/random.h"

#define RESAMPLES 2000
/* Ranks of the 2.5 % and 97.5 % points among the sorted medians of all resamples. */
#define RANK_LOW (RESAMPLES / 40)
#define RANK_HIGH (RESAMPLES - 1 - RESAMPLES / 40)

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

/* The value of 0-based rank `rank` in a resample that holds sorted[i] drawn[i] times. */
static double value_at_rank(const double *sorted, const uint32_t *drawn, uint32_t count, uint32_t rank)
{
	uint32_t seen = 0;

	for (uint32_t i = 0; i < count; i++) {
		seen += drawn[i];
		if (seen > rank)
			return sorted[i];
	}
	return sorted[count - 1];
}

/* One resample needs no sorting: count how often each of the sorted samples was drawn. */
static double resampled_median(const double *sorted, uint32_t *drawn, uint32_t count, uint64_t *rng)
{
	for (uint32_t i = 0; i < count; i++)
		drawn[i] = 0;
	for (uint32_t i = 0; i < count; i++)
		drawn[random_below(rng, count)]++;
	if (count % 2 != 0)
		return value_at_rank(sorted, drawn, count, count / 2);
	return mean_of_two(value_at_rank(sorted, drawn, count, count / 2 - 1),
			   value_at_rank(sorted, drawn, count, count / 2));
}

static int bootstrap(const double *sorted, uint32_t count, uint64_t seed, double ci95[2])
{
	double *medians = malloc(RESAMPLES * sizeof(*medians));
	uint32_t *drawn = calloc(count, sizeof(*drawn));
	int ret = -ENOMEM;

	if (medians != NULL && drawn != NULL) {
		for (uint32_t i = 0; i < RESAMPLES; i++)
			medians[i] = resampled_median(sorted, drawn, count, &seed);
		stats_sort(medians, RESAMPLES);
		ci95[0] = medians[RANK_LOW];
		ci95[1] = medians[RANK_HIGH];
		ret = 0;
	}
	free(drawn);
	free(medians);
	return ret;
}

int summary_make(const double *samples, uint32_t count, uint64_t seed, struct summary *out)
{
	double *work;
	int ret;

	if (count == 0)
		return -EINVAL;
	for (uint32_t i = 0; i < count; i++) {
		if (!isfinite(samples[i]))
			return -EINVAL;
	}
	work = calloc(count, sizeof(*work));
	if (work == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		work[i] = samples[i];
	stats_sort(work, count);
	out->min = work[0];
	out->median = stats_median(work, count);
	ret = bootstrap(work, count, seed, out->ci95);
	for (uint32_t i = 0; i < count; i++)
		work[i] = fabs(samples[i] - out->median);
	stats_sort(work, count);
	out->mad = stats_median(work, count);
	free(work);
	if (ret == 0 && !isfinite(out->mad))
		ret = -EINVAL;
	return ret;
}
