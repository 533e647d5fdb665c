/*
 * The workloads' own random numbers: the same sequence for a seed in the guest, natively and under every compiler.
 */
#ifndef MINIVMM_RANDOM_H
#define MINIVMM_RANDOM_H

#include <stdint.h>

#define RANDOM_GAMMA UINT64_C(0x9e3779b97f4a7c15)

/* The output function of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): a bijection that mixes all bits. */
static inline uint64_t random_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* SplitMix64. Any state, 0 too, is a valid seed. */
static inline uint64_t random_next(uint64_t *state)
{
	*state += RANDOM_GAMMA;
	return random_mix(*state);
}

/*
 * Uniform in [0, bound), without the bias of a plain remainder: multiply, and draw again while the low half falls
 * into the incomplete last interval (Lemire, ACM TOMACS 2019). bound is at least 1.
 */
static inline uint64_t random_below(uint64_t *state, uint64_t bound)
{
	unsigned __int128 product = (unsigned __int128)random_next(state) * bound;

	if ((uint64_t)product < bound) {
		uint64_t threshold = -bound % bound;

		while ((uint64_t)product < threshold)
			product = (unsigned __int128)random_next(state) * bound;
	}
	return (uint64_t)(product >> 64);
}

#endif
