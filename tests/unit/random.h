/*
 * Seeded noise for tests of statistics: the same on every host, and from another generator than the code under test.
 */
#ifndef MINIVMM_TESTS_UNIT_RANDOM_H
#define MINIVMM_TESTS_UNIT_RANDOM_H

#include <math.h>
#include <stdint.h>

/* Uniform on (0, 1). */
static inline double random_uniform(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return ((double)(*state >> 11) + 0.5) / 9007199254740992.0;
}

/* Normal, mean 0, standard deviation 1 (Box and Muller). */
static inline double random_normal(uint64_t *state)
{
	double radius = sqrt(-2 * log(random_uniform(state)));

	return radius * cos(6.283185307179586 * random_uniform(state));
}

/* What measurements are distributed like; each with median 0 and a spread of about 1. */
enum noise {
	NOISE_NORMAL,
	NOISE_SKEWED,    /* exponential: a floor, and now and then much more */
	NOISE_HEAVY,     /* Student's t with 3 degrees of freedom */
	NOISE_TWO_HUMPS, /* equal humps, 3 standard deviations apart */
	NOISE_FAR_HUMPS, /* 35 % of the values lie 40 standard deviations higher */
	NOISE_KINDS
};

static inline double random_noise(enum noise kind, uint64_t *state)
{
	double sum = 0, g;

	switch (kind) {
	case NOISE_SKEWED:
		return -log(random_uniform(state)) - log(2);
	case NOISE_HEAVY:
		for (int i = 0; i < 3; i++) {
			g = random_normal(state);
			sum += g * g;
		}
		return random_normal(state) / sqrt(sum / 3);
	case NOISE_TWO_HUMPS:
		return random_normal(state) + (random_uniform(state) < 0.5 ? -1.5 : 1.5);
	case NOISE_FAR_HUMPS:
		/* 0.5 of 0.65 lie below the normal quantile of 10 / 13. */
		return random_normal(state) - 0.7363159 + (random_uniform(state) < 0.35 ? 40 : 0);
	default:
		return random_normal(state);
	}
}

#endif
