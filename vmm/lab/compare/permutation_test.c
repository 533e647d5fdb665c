/*
 * A permutation test of the largest statistic (Westfall and Young, Resampling-based Multiple Testing, 1993). If nothing
 * differs between two sweeps, it does not matter which rounds are labelled A and which B. So the labels of all rounds,
 * each with all its figures, are permuted, and a real difference has to exceed the largest statistic of any figure in
 * 95 % of the permutations. This holds for any noise (several humps, tails, dependence between cells), where t tests with
 * Bonferroni's correction fail: of noise with two humps, 5 and 5 allocations of 200 equal figures separate into the two
 * humps by chance in every third comparison, with a vanishing p.
 *
 * The statistic is |mean log B - mean log A| / (its standard error + an offset). The offset is an eighth of the span of the
 * closer half of all values. It keeps a figure whose few values agree by chance from looking certain; a real difference
 * does not widen it, because the closer half then belongs to one side. Offset and strata (below) do not depend on the
 * labels, as an exact test requires.
 *
 * A figure that jumps by half would hide what is certain in figures that repeat to 0.3 %. So figures are tested in strata
 * by the span of all their values: up to 4 %, 16 %, 64 %, more. p is multiplied by the number of strata (Bonferroni).
 * Figures whose values all lie within the threshold could not matter, and are not tested.
 *
 * Of pairs that were run side by side, A and B of a round are exchangeable whatever the round was, so the signs of all log
 * ratios of a round are flipped, and the rest is the same: the statistic is |mean| / (its standard error + the offset), the
 * closer half is of all ratios and their reciprocals, and a figure spans what its largest ratio does.
 */
#include "vmm/lab/compare/compare.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/lab/record/stats.h"
#include "vmm/util/random.h"

#define STRATA 5
#define SEED 1
/* Keeps constants from dividing by 0: far below what a clock resolves, far above the rounding of sums of doubles. */
#define MIN_SPREAD 1e-9
/* A permutation with A and B exchanged sums in another order: statistics this close are equal. */
#define TIE (1 - 1e-6)

static const double stratum_spans[STRATA - 2] = { 0.04, 0.16, 0.64 };

struct permutation_run {
	struct contrast *contrasts;
	uint32_t count, rounds, rounds_b, permutations;
	bool pairs;       /* log ratios whose signs are flipped, instead of values that change sides */
	bool *is_b;       /* label of each round in the current permutation: B, or flipped */
	double *offsets;  /* of each contrast */
	double *maxima;   /* of each permutation and stratum: the largest statistic */
	double *observed; /* of each contrast: the statistic under the real labels */
};

static uint32_t stratum_of(double span, double threshold)
{
	uint32_t stratum = 1;

	if (span <= MIN_SPREAD || span < threshold)
		return 0;
	while (stratum <= STRATA - 2 && span > stratum_spans[stratum - 1])
		stratum++;
	return stratum;
}

/* The smallest span that holds half of the sorted logarithms. */
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

/* The values whose closer half and span do not depend on labels, sorted: of pairs both signs of each. Returns their number. */
static uint32_t label_free(const struct permutation_run *p, const struct contrast *c, double *sorted)
{
	uint32_t count = c->count_a + c->count_b;

	memcpy(sorted, c->logs, count * sizeof(*sorted));
	for (uint32_t i = 0; p->pairs && i < c->count_a; i++)
		sorted[count++] = -c->logs[i];
	stats_sort(sorted, count);
	return count;
}

/* Find the stratum and the offset of each contrast. 0 or -ENOMEM. */
static int stratify(struct permutation_run *p, double threshold, struct permutation_summary *summary)
{
	bool has[STRATA] = { false };
	double *sorted;
	uint32_t most = 0;

	for (uint32_t i = 0; i < p->count; i++)
		most = larger(most, p->contrasts[i].count_a + p->contrasts[i].count_b);
	sorted = calloc(2 * (size_t)most, sizeof(*sorted));
	if (sorted == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->count; i++) {
		struct contrast *c = &p->contrasts[i];
		uint32_t count = label_free(p, c, sorted);
		double least = p->pairs ? 0 : sorted[0];

		c->stratum = stratum_of(expm1(sorted[count - 1] - least), threshold);
		p->offsets[i] = closer_half(sorted, count) / 8 + MIN_SPREAD;
		has[c->stratum] = true;
		summary->tested += c->stratum != 0;
	}
	for (uint32_t s = 1; s < STRATA; s++)
		summary->strata += has[s];
	free(sorted);
	return 0;
}

/* The statistic of pairs under the current labels. */
static double pair_statistic(const struct permutation_run *p, uint32_t contrast)
{
	const struct contrast *c = &p->contrasts[contrast];
	double sum = 0, squares = 0, mean;

	for (uint32_t i = 0; i < c->count_a; i++) {
		sum += p->is_b[c->rounds[i]] ? -c->logs[i] : c->logs[i];
		squares += c->logs[i] * c->logs[i];
	}
	mean = sum / c->count_a;
	squares = fmax(0, squares - sum * mean) / c->count_a / (c->count_a > 1 ? c->count_a - 1 : 1);
	return fabs(mean) / (sqrt(squares) + p->offsets[contrast]);
}

/* The statistic of a contrast under the current labels; 0 where one side has no values. */
static double test_statistic(const struct permutation_run *p, uint32_t contrast)
{
	const struct contrast *c = &p->contrasts[contrast];
	double sums[2] = { 0, 0 }, squares = 0, means[2];
	uint32_t counts[2] = { 0, 0 }, count = c->count_a + c->count_b;

	if (p->pairs)
		return pair_statistic(p, contrast);
	for (uint32_t i = 0; i < count; i++) {
		sums[p->is_b[c->rounds[i]]] += c->logs[i];
		counts[p->is_b[c->rounds[i]]]++;
	}
	if (counts[0] == 0 || counts[1] == 0)
		return 0;
	means[0] = sums[0] / counts[0];
	means[1] = sums[1] / counts[1];
	for (uint32_t i = 0; i < count; i++) {
		double off = c->logs[i] - means[p->is_b[c->rounds[i]]];

		squares += off * off;
	}
	squares *= (1.0 / counts[0] + 1.0 / counts[1]) / (count > 2 ? count - 2 : 1);
	return fabs(means[1] - means[0]) / (sqrt(squares) + p->offsets[contrast]);
}

/* C(n, k), cut off above 1e9. */
static double binomial(uint32_t n, uint32_t k)
{
	double ways = 1;

	k = k < n - k ? k : n - k;
	for (uint32_t i = 0; i < k && ways <= 1e9; i++)
		ways = ways * (n - i) / (i + 1);
	return round(ways);
}

/* The real labels: A's rounds, then B's; or no sign flipped. */
static void label_as_measured(struct permutation_run *p)
{
	for (uint32_t r = 0; r < p->rounds; r++)
		p->is_b[r] = !p->pairs && r >= p->rounds - p->rounds_b;
}

/* The next of all ways to flip signs: a binary count over all rounds but the first, which stays as it is. */
static void next_flips(struct permutation_run *p)
{
	uint32_t r = 1;

	while (r < p->rounds && p->is_b[r])
		p->is_b[r++] = false;
	if (r < p->rounds)
		p->is_b[r] = true;
}

static void draw_flips(struct permutation_run *p, uint64_t *rng)
{
	for (uint32_t r = 1; r < p->rounds; r++)
		p->is_b[r] = random_below(rng, 2) != 0;
}

/* The next permutation in lexical order, with 1 for B; the real labels are the first. */
static void next_labels(struct permutation_run *p)
{
	uint32_t ones = 0, r = p->rounds - 1;

	/* Find the last "01", move its 1 up, and all ones behind it to the end. */
	while (r > 0 && !(p->is_b[r] && !p->is_b[r - 1])) {
		ones += p->is_b[r];
		r--;
	}
	if (r == 0)
		return;
	p->is_b[r - 1] = true;
	p->is_b[r] = false;
	for (uint32_t i = r + 1; i < p->rounds; i++)
		p->is_b[i] = i >= p->rounds - ones;
}

static void draw_labels(struct permutation_run *p, uint64_t *rng)
{
	for (uint32_t r = p->rounds - 1; r > 0; r--) {
		uint32_t other = random_below(rng, r + 1);
		bool held = p->is_b[r];

		p->is_b[r] = p->is_b[other];
		p->is_b[other] = held;
	}
}

static void permute(struct permutation_run *p, bool all)
{
	uint64_t rng = SEED;

	label_as_measured(p);
	for (uint32_t i = 0; i < p->count; i++)
		p->observed[i] = p->contrasts[i].stratum != 0 ? test_statistic(p, i) : 0;
	for (uint32_t n = 0; n < p->permutations; n++) {
		double *maxima = &p->maxima[(size_t)n * STRATA];

		if (n != 0 && all)
			(p->pairs ? next_flips : next_labels)(p);
		else if (n != 0)
			(p->pairs ? draw_flips : draw_labels)(p, &rng);
		for (uint32_t i = 0; i < p->count; i++) {
			uint32_t stratum = p->contrasts[i].stratum;

			if (stratum != 0)
				maxima[stratum] = fmax(maxima[stratum], test_statistic(p, i));
		}
	}
}

static void correct_p(struct permutation_run *p, const struct permutation_summary *summary)
{
	for (uint32_t i = 0; i < p->count; i++) {
		struct contrast *c = &p->contrasts[i];
		uint32_t as_large = 0;

		c->p = 1;
		if (c->stratum == 0)
			continue;
		for (uint32_t n = 0; n < p->permutations; n++)
			as_large += p->maxima[(size_t)n * STRATA + c->stratum] >= p->observed[i] * TIE;
		c->p = fmin(1, (double)summary->strata * as_large / p->permutations);
	}
}

/* What both tests have in common. `possible`: ways to label; least_p for one stratum. */
static int run_test(struct permutation_run *p, double possible, double least_p, double threshold,
		    struct permutation_summary *summary)
{
	int ret = -ENOMEM;

	*summary = (struct permutation_summary){ .least_p = 1, .exhaustive = possible <= PERMUTATIONS_MAX };
	if (p->count == 0 || p->rounds == 0)
		return 0;
	p->permutations = summary->exhaustive ? (uint32_t)possible : PERMUTATIONS_MAX;
	p->is_b = calloc(p->rounds, sizeof(*p->is_b));
	p->maxima = calloc((size_t)p->permutations * STRATA, sizeof(*p->maxima));
	p->observed = calloc(p->count, sizeof(*p->observed));
	p->offsets = calloc(p->count, sizeof(*p->offsets));
	if (p->is_b != NULL && p->maxima != NULL && p->observed != NULL && p->offsets != NULL)
		ret = stratify(p, threshold, summary);
	if (ret == 0) {
		summary->permutations = p->permutations;
		if (summary->tested != 0)
			summary->least_p = fmin(1, summary->strata * fmax(least_p, 1.0 / p->permutations));
		permute(p, summary->exhaustive);
		correct_p(p, summary);
	}
	free(p->is_b);
	free(p->maxima);
	free(p->observed);
	free(p->offsets);
	return ret;
}

int permutation_test(struct contrast *contrasts, uint32_t count, uint32_t rounds_a, uint32_t rounds_b,
		     double threshold, struct permutation_summary *summary)
{
	struct permutation_run p = {
		.contrasts = contrasts, .count = count, .rounds = rounds_a + rounds_b, .rounds_b = rounds_b
	};
	double ways = binomial(p.rounds, rounds_b);

	if (rounds_a == 0 || rounds_b == 0)
		p.count = 0;
	/* Exchanging A and B leaves the statistic as it is: with equal counts, permutations come in equal pairs. */
	return run_test(&p, ways, (rounds_a == rounds_b ? 2 : 1) / ways, threshold, summary);
}

int sign_flip_test(struct contrast *contrasts, uint32_t count, uint32_t rounds, double threshold,
		   struct permutation_summary *summary)
{
	struct permutation_run p = {
		.contrasts = contrasts, .count = count, .rounds = rounds, .pairs = true
	};
	double ways = rounds != 0 ? ldexp(1, (int)rounds - 1) : 1;

	return run_test(&p, ways, 1 / ways, threshold, summary);
}

uint32_t permutation_least_allocations(uint32_t strata)
{
	uint32_t each = 1;

	while (2.0 * strata / binomial(2 * each, each) > FAMILY_LEVEL)
		each++;
	return each;
}

uint32_t sign_flip_least_rounds(uint32_t strata)
{
	uint32_t rounds = 1;

	while (strata / ldexp(1, (int)rounds - 1) > FAMILY_LEVEL)
		rounds++;
	return rounds;
}
