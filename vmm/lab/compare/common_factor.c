/*
 * What all figures of a round have in common. Two sessions differ by it without any figure being another: the host's clock,
 * its neighbours, where the kernel lies. A session is one draw of it, however many rounds it has, so that rounds of two
 * sessions are not exchangeable. Less the common part of its round they are, and that is what permutation_test is given:
 * of log x = figure + round + noise it takes the round away, and leaves the same figure and noise whatever the rounds were.
 */
#include "vmm/lab/compare/compare.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "vmm/lab/record/stats.h"

/* With a value for each figure in each round the first pass is exact; gaps need some more. */
#define PASSES 8

struct centring {
	const struct contrast *contrasts;
	const bool *is_rate;
	uint32_t count, rounds;
	double *effects; /* of each round */
	double *middles; /* of each figure, less the rounds' effects */
	double *scratch; /* one for each figure */
};

static uint32_t values_of(const struct contrast *contrast)
{
	return contrast->count_a + contrast->count_b;
}

/* What slows a host down makes latencies larger and rates smaller: here larger is slower. */
static double slowness(const struct centring *c, uint32_t figure, uint32_t value)
{
	double log = c->contrasts[figure].logs[value];

	return c->is_rate[figure] ? -log : log;
}

static void find_middles(const struct centring *c)
{
	for (uint32_t i = 0; i < c->count; i++) {
		uint32_t count = values_of(&c->contrasts[i]);
		double sum = 0;

		for (uint32_t v = 0; v < count; v++)
			sum += slowness(c, i, v) - c->effects[c->contrasts[i].rounds[v]];
		c->middles[i] = sum / count;
	}
}

/* The median over the figures that have this round: a few that really differ do not move it. */
static double effect_of(const struct centring *c, uint32_t round)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < c->count; i++) {
		uint32_t count = values_of(&c->contrasts[i]);

		for (uint32_t v = 0; v < count; v++) {
			if (c->contrasts[i].rounds[v] == round) {
				c->scratch[found++] = slowness(c, i, v) - c->middles[i];
				break;
			}
		}
	}
	stats_sort(c->scratch, found);
	return found != 0 ? stats_median(c->scratch, found) : 0;
}

int common_effects(const struct contrast *contrasts, const bool *is_rate, uint32_t count, uint32_t rounds,
		   double *effects)
{
	struct centring c = {
		.contrasts = contrasts,
		.is_rate = is_rate,
		.count = count,
		.rounds = rounds,
		.effects = effects,
		.middles = calloc(count, sizeof(*c.middles)),
		.scratch = calloc(count, sizeof(*c.scratch)),
	};
	int ret = c.middles != NULL && c.scratch != NULL ? 0 : -ENOMEM;

	for (uint32_t r = 0; r < rounds; r++)
		effects[r] = 0;
	for (int pass = 0; pass < PASSES && ret == 0; pass++) {
		find_middles(&c);
		for (uint32_t r = 0; r < rounds; r++)
			effects[r] = effect_of(&c, r);
	}
	free(c.middles);
	free(c.scratch);
	return ret;
}
