/*
 * A permutation test of the largest difference (Westfall and Young, Resampling-based Multiple Testing, 1993). If nothing differs
 * between two sweeps, it does not matter which rounds are called A's and which B's: so the rounds of both, each with
 * all its figures, are shared out anew in every way, and a real difference has to be clearer than what any figure
 * shows in 95 % of the ways. That holds for any noise (humps, tails, dependence between cells), where t tests with
 * Bonferroni's correction do not: with two humps, 5 and 5 allocations of 200 figures that are all the same fall apart
 * into the two humps by chance in every third comparison, with a vanishing p.
 *
 * How clear a difference is: |mean log B - mean log A| / (its standard error + an eighth of the span that the closer half of
 * all values has). The second term keeps a figure whose few values agree by chance from looking certain; a real
 * difference does not widen it, for the closer half is then of one side. It and the strata below are found without
 * regard to which value is whose, as exactness wants.
 *
 * A figure that jumps by half hides what is clear in figures that repeat to 0.3 %. So figures are judged among their like,
 * by the span of all their values: up to 4 %, 16 %, 64 %, more. p is multiplied by the number of these strata (Bonferroni).
 * Figures whose values all lie within the threshold could not matter, and are not tested.
 */
#include "vmm/lab/compare/relabel.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/lab/record/stats.h"
#include "vmm/util/random.h"

#define STRATA 5
#define SEED 1
/* Far below what a clock resolves, far above what sums of doubles lose: constants have no spread. */
#define LEAST_SPREAD 1e-9
/* The same ways from the other side, summed in another order, are as clear. */
#define AS_CLEAR (1 - 1e-6)

static const double stratum_spans[STRATA - 2] = { 0.04, 0.16, 0.64 };

struct judge {
	struct contrast *contrasts;
	uint32_t count, rounds, rounds_b, ways;
	bool *is_b;       /* of each round, in the way that is tried */
	double *usual;    /* of each contrast: spread */
	double *clearest; /* [STRATA] of each way */
	double *clear;    /* of each contrast, as the rounds really are */
};

static uint32_t stratum_of(double span, double threshold)
{
	uint32_t stratum = 1;

	if (span <= LEAST_SPREAD || span < threshold)
		return 0;
	while (stratum <= STRATA - 2 && span > stratum_spans[stratum - 1])
		stratum++;
	return stratum;
}

/* Of sorted logarithms: how far apart the closest half of them is. */
static double closer_half(const double *sorted, uint32_t count)
{
	uint32_t half = (count + 1) / 2;
	double least = INFINITY;

	for (uint32_t i = 0; i + half <= count; i++)
		least = fmin(least, sorted[i + half - 1] - sorted[i]);
	return least;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Strata, and what a standard error alone would miss. */
static int stratify(struct judge *j, double threshold, struct relabeling *how)
{
	bool has[STRATA] = { false };
	double *sorted;
	uint32_t most = 0;

	for (uint32_t i = 0; i < j->count; i++)
		most = larger(most, j->contrasts[i].count_a + j->contrasts[i].count_b);
	sorted = calloc(most, sizeof(*sorted));
	if (sorted == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < j->count; i++) {
		struct contrast *c = &j->contrasts[i];
		uint32_t count = c->count_a + c->count_b;

		memcpy(sorted, c->logs, count * sizeof(*sorted));
		stats_sort(sorted, count);
		c->stratum = stratum_of(expm1(sorted[count - 1] - sorted[0]), threshold);
		j->usual[i] = closer_half(sorted, count) / 8 + LEAST_SPREAD;
		has[c->stratum] = true;
		how->tested += c->stratum != 0;
	}
	for (uint32_t s = 1; s < STRATA; s++)
		how->strata += has[s];
	free(sorted);
	return 0;
}

/* How clearly the two sides differ, shared out as is_b says; 0 where one has nothing. */
static double clearness(const struct judge *j, uint32_t contrast)
{
	const struct contrast *c = &j->contrasts[contrast];
	double sums[2] = { 0, 0 }, squares = 0, means[2];
	uint32_t counts[2] = { 0, 0 }, count = c->count_a + c->count_b;

	for (uint32_t i = 0; i < count; i++) {
		sums[j->is_b[c->rounds[i]]] += c->logs[i];
		counts[j->is_b[c->rounds[i]]]++;
	}
	if (counts[0] == 0 || counts[1] == 0)
		return 0;
	means[0] = sums[0] / counts[0];
	means[1] = sums[1] / counts[1];
	for (uint32_t i = 0; i < count; i++) {
		double off = c->logs[i] - means[j->is_b[c->rounds[i]]];

		squares += off * off;
	}
	squares *= (1.0 / counts[0] + 1.0 / counts[1]) / (count > 2 ? count - 2 : 1);
	return fabs(means[1] - means[0]) / (sqrt(squares) + j->usual[contrast]);
}

/* C(n, k), as far as it is of interest. */
static double ways_in_all(uint32_t n, uint32_t k)
{
	double ways = 1;

	k = k < n - k ? k : n - k;
	for (uint32_t i = 0; i < k && ways <= 1e9; i++)
		ways = ways * (n - i) / (i + 1);
	return round(ways);
}

/* The real one: A's rounds, then B's. */
static void first_way(struct judge *j)
{
	for (uint32_t r = 0; r < j->rounds; r++)
		j->is_b[r] = r >= j->rounds - j->rounds_b;
}

/* The next of all ways in lexical order, B's rounds being digits 1; the first way is the least of them. */
static void next_way(struct judge *j)
{
	uint32_t ones = 0, r = j->rounds - 1;

	/* Behind the last "01": move its 1 up, and all ones behind it to the end. */
	while (r > 0 && !(j->is_b[r] && !j->is_b[r - 1])) {
		ones += j->is_b[r];
		r--;
	}
	if (r == 0)
		return;
	j->is_b[r - 1] = true;
	j->is_b[r] = false;
	for (uint32_t i = r + 1; i < j->rounds; i++)
		j->is_b[i] = i >= j->rounds - ones;
}

static void draw_way(struct judge *j, uint64_t *rng)
{
	for (uint32_t r = j->rounds - 1; r > 0; r--) {
		uint32_t other = random_below(rng, r + 1);
		bool held = j->is_b[r];

		j->is_b[r] = j->is_b[other];
		j->is_b[other] = held;
	}
}

static void try_ways(struct judge *j, bool all)
{
	uint64_t rng = SEED;

	first_way(j);
	for (uint32_t i = 0; i < j->count; i++)
		j->clear[i] = j->contrasts[i].stratum != 0 ? clearness(j, i) : 0;
	for (uint32_t way = 0; way < j->ways; way++) {
		double *clearest = &j->clearest[(size_t)way * STRATA];

		if (way != 0 && all)
			next_way(j);
		else if (way != 0)
			draw_way(j, &rng);
		for (uint32_t i = 0; i < j->count; i++) {
			uint32_t stratum = j->contrasts[i].stratum;

			if (stratum != 0)
				clearest[stratum] = fmax(clearest[stratum], clearness(j, i));
		}
	}
}

static void conclude(struct judge *j, const struct relabeling *how)
{
	for (uint32_t i = 0; i < j->count; i++) {
		struct contrast *c = &j->contrasts[i];
		uint32_t as_clear = 0;

		c->p = 1;
		if (c->stratum == 0)
			continue;
		for (uint32_t way = 0; way < j->ways; way++)
			as_clear += j->clearest[(size_t)way * STRATA + c->stratum] >= j->clear[i] * AS_CLEAR;
		c->p = fmin(1, (double)how->strata * as_clear / j->ways);
	}
}

/* Swapping the two sides changes no difference: with as many rounds on both, ways come in pairs. */
static double least_p_of(uint32_t rounds_a, uint32_t rounds_b, uint32_t ways, bool all, uint32_t strata)
{
	return fmin(1, (double)strata * (all && rounds_a == rounds_b ? 2 : 1) / ways);
}

int relabel_judge(struct contrast *contrasts, uint32_t count, uint32_t rounds_a, uint32_t rounds_b,
		  double threshold, struct relabeling *how)
{
	struct judge j = {
		.contrasts = contrasts, .count = count, .rounds = rounds_a + rounds_b, .rounds_b = rounds_b
	};
	double in_all = ways_in_all(j.rounds, rounds_b);
	int ret = -ENOMEM;

	*how = (struct relabeling){ .least_p = 1, .all_ways = in_all <= RELABEL_MOST };
	if (count == 0 || rounds_a == 0 || rounds_b == 0)
		return 0;
	j.ways = how->all_ways ? (uint32_t)in_all : RELABEL_MOST;
	j.is_b = calloc(j.rounds, sizeof(*j.is_b));
	j.clearest = calloc((size_t)j.ways * STRATA, sizeof(*j.clearest));
	j.clear = calloc(count, sizeof(*j.clear));
	j.usual = calloc(count, sizeof(*j.usual));
	if (j.is_b != NULL && j.clearest != NULL && j.clear != NULL && j.usual != NULL)
		ret = stratify(&j, threshold, how);
	if (ret == 0) {
		how->ways = j.ways;
		if (how->tested != 0)
			how->least_p = least_p_of(rounds_a, rounds_b, j.ways, how->all_ways, how->strata);
		try_ways(&j, how->all_ways);
		conclude(&j, how);
	}
	free(j.is_b);
	free(j.clearest);
	free(j.clear);
	free(j.usual);
	return ret;
}

uint32_t relabel_least_allocations(uint32_t strata)
{
	uint32_t each = 1;

	while (2.0 * strata / ways_in_all(2 * each, each) > FAMILY_LEVEL)
		each++;
	return each;
}
