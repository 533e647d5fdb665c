/*
 * The interval of a factor by the inverted test of Mann and Whitney: all ratios b / a of one value each are sorted, and as
 * many are cut off at both ends as a rank sum may lie outside with a chance of 2.5 %. Exact for any distribution, as
 * long as B's is A's times a factor. With 5 and 5 values it is [3rd, 23rd] of 25 ratios, which covers the factor in 96.8 %
 * of cases. (Percentiles of bootstrapped medians have no such guarantee with so few values.)
 */
#include "vmm/lab/compare/compare.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/lab/record/stats.h"

#define TAIL 0.025
/* Beyond so many pairs the rank sum is taken as normally distributed. */
#define EXACT_PAIRS 4096
#define NORMAL_POINT 1.959964

/*
 * chances[u]: how probable u is, the number of pairs with b < a, where both have one distribution. The product
 * (1 - q^(b+1)) ... (1 - q^(b+a)) / ((1 - q) ... (1 - q^a)) has the numbers of orders as its coefficients.
 */
static void rank_sum_chances(uint32_t count_a, uint32_t count_b, double *chances)
{
	uint32_t pairs = count_a * count_b;
	double orders = 0;

	memset(chances, 0, (pairs + 1) * sizeof(*chances));
	chances[0] = 1;
	for (uint32_t i = 1; i <= count_a; i++) {
		for (uint32_t u = pairs; u >= count_b + i && u <= pairs; u--)
			chances[u] -= chances[u - count_b - i];
		for (uint32_t u = i; u <= pairs; u++)
			chances[u] += chances[u - i];
	}
	for (uint32_t u = 0; u <= pairs; u++)
		orders += chances[u];
	for (uint32_t u = 0; u <= pairs; u++)
		chances[u] /= orders;
}

/*
 * How many of the sorted ratios to cut off at each end: the largest k with P[U <= k] <= TAIL, for the factor lies below the
 * ratio behind k others where at most k are below it. 0 where even that is too much. *coverage: how often what is left holds
 * the factor.
 */
static int pairs_cut(uint32_t count_a, uint32_t count_b, uint32_t *cut, double *coverage)
{
	uint32_t pairs = count_a * count_b;
	double *chances, below;

	*cut = 0;
	*coverage = 1 - 2 * TAIL;
	if (pairs > EXACT_PAIRS) {
		double spread = sqrt(pairs * ((double)count_a + count_b + 1) / 12);

		*cut = (uint32_t)fmax(0, pairs / 2.0 - NORMAL_POINT * spread - 1);
		return 0;
	}
	chances = calloc(pairs + 1, sizeof(*chances));
	if (chances == NULL)
		return -ENOMEM;
	rank_sum_chances(count_a, count_b, chances);
	below = chances[0];
	while (*cut < pairs / 2 && below + chances[*cut + 1] <= TAIL)
		below += chances[++*cut];
	*coverage = 1 - 2 * below;
	free(chances);
	return 0;
}

static int sorted_copy(const double *values, uint32_t count, double **copy)
{
	*copy = calloc(count, sizeof(**copy));
	if (*copy == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		if (!isfinite(values[i]) || values[i] <= 0)
			return -EINVAL;
		(*copy)[i] = values[i];
	}
	stats_sort(*copy, count);
	return 0;
}

/* a[] and b[] sorted. */
static int summarize(const double *a, uint32_t count_a, const double *b, uint32_t count_b,
		     struct estimate *out)
{
	uint32_t pairs = count_a * count_b, cut;
	double *ratios = calloc(pairs, sizeof(*ratios));
	int ret = ratios != NULL ? pairs_cut(count_a, count_b, &cut, &out->coverage) : -ENOMEM;

	if (ret == 0) {
		for (uint32_t i = 0; i < pairs; i++)
			ratios[i] = b[i / count_a] / a[i % count_a];
		stats_sort(ratios, pairs);
		out->value = stats_median(b, count_b) / stats_median(a, count_a);
		out->low = ratios[cut];
		out->high = ratios[pairs - 1 - cut];
		out->count = count_a < count_b ? count_a : count_b;
		ret = isfinite(out->high) ? 0 : -EINVAL;
	}
	free(ratios);
	return ret;
}

int ratio_interval(const double *a, uint32_t count_a, const double *b, uint32_t count_b, struct estimate *out)
{
	double *sorted_a = NULL, *sorted_b = NULL;
	int ret;

	*out = (struct estimate){ .count = 0 };
	if (count_a == 0 || count_b == 0)
		return 0;
	if (count_a > UINT16_MAX || count_b > UINT16_MAX)
		return -EINVAL;
	ret = sorted_copy(a, count_a, &sorted_a);
	if (ret == 0)
		ret = sorted_copy(b, count_b, &sorted_b);
	if (ret == 0)
		ret = summarize(sorted_a, count_a, sorted_b, count_b, out);
	if (ret != 0)
		*out = (struct estimate){ .count = 0 };
	free(sorted_a);
	free(sorted_b);
	return ret;
}
