/*
 * A random order that is computed instead of stored: a bijection on [0, n), for any n.
 *
 * Four rounds mix the smallest number of bits that can hold n - 1: exclusive or with a key, an odd multiplier modulo
 * that power of two, and a shift of the upper half onto the lower one. Each of the three can be undone, so the whole
 * is a bijection on the power of two. What falls outside of [0, n) is mixed again until it falls inside ("cycle
 * walking", Black and Rogaway, CT-RSA 2002), less than once on average. As far from any stride as a shuffle is, though
 * it cannot reach all n! orders.
 */
#ifndef MINIVMM_PERMUTE_H
#define MINIVMM_PERMUTE_H

#include <stdint.h>

#include "random.h"

#define PERMUTE_ROUNDS 4

struct permutation {
	uint64_t n;
	uint64_t mask; /* of the bits that hold n - 1 */
	uint32_t shift;
	uint64_t key[PERMUTE_ROUNDS];
	uint64_t odd[PERMUTE_ROUNDS];
	uint64_t
		inverse[PERMUTE_ROUNDS]; /* odd * inverse = 1 modulo 2^64, and so modulo each smaller power */
};

/* Each step doubles the number of right low bits; an odd number is its own inverse in the lowest three. */
static inline uint64_t inverse_of_odd(uint64_t odd)
{
	uint64_t inverse = odd;

	for (int bits = 3; bits < 64; bits *= 2)
		inverse *= 2 - odd * inverse;
	return inverse;
}

/* The permutation of [0, n) that belongs to a seed; n from 1 to 2^63. */
static inline struct permutation permutation_of(uint64_t n, uint64_t seed)
{
	uint32_t bits = n > 1 ? 64 - (uint32_t)__builtin_clzll(n - 1) : 0;
	struct permutation p = {
		.n = n,
		.mask = (UINT64_C(1) << bits) - 1,
		.shift = bits > 1 ? (bits + 1) / 2 : 1,
	};

	for (int round = 0; round < PERMUTE_ROUNDS; round++) {
		p.key[round] = random_next(&seed);
		p.odd[round] = random_next(&seed) | 1;
		p.inverse[round] = inverse_of_odd(p.odd[round]);
	}
	return p;
}

/* The image of i, which is below n. */
static inline uint64_t permutation_at(const struct permutation *p, uint64_t i)
{
	do {
		for (int round = 0; round < PERMUTE_ROUNDS; round++) {
			i = ((i ^ p->key[round]) * p->odd[round]) & p->mask;
			i ^= i >> p->shift;
		}
	} while (i >= p->n);
	return i;
}

/*
 * The number whose image is `image`, which is below n. As a proof it needs no trust in the code above: where
 * index(order[i]) = i for every i, no two of order[] can be equal.
 */
static inline uint64_t permutation_index(const struct permutation *p, uint64_t image)
{
	do {
		for (int round = PERMUTE_ROUNDS - 1; round >= 0; round--) {
			/* The shift is at least half of the bits, so doing it twice leaves nothing of it. */
			image ^= image >> p->shift;
			image = ((image * p->inverse[round]) ^ p->key[round]) & p->mask;
		}
	} while (image >= p->n);
	return image;
}

#endif
