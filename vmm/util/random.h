/*
 * The one generator of the VMM: repeatable from any seed, zero included. (The guest's patterns have their own.)
 *
 * A header of its own: any room may draw from it, and nothing else of util belongs to it.
 */
#ifndef MINIVMM_UTIL_RANDOM_H
#define MINIVMM_UTIL_RANDOM_H

#include <stdint.h>

/* splitmix64 (Steele, Lea and Flood, OOPSLA 2014). */
static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* A number below `count`, which is not 0. */
static inline uint32_t random_below(uint64_t *state, uint32_t count)
{
	return (uint32_t)(((random_next(state) >> 32) * count) >> 32);
}

#endif
