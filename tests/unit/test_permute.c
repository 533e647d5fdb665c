/*
 * The computed order visits every number below n exactly once, can be undone, and has no stride in it. It could
 * break by a round that is no bijection for some width (an even multiplier, a shift of less than half), by the walk
 * back into [0, n) for an n that is no power of two, or by rounds that leave neighbours next to each other, which a
 * prefetcher would then find.
 */

#include "test.h"
#include "permute.h"

TEST(every_number_comes_once)
{
	LOOP (uint64_t, n, 1, n <= 700, n++) {
		struct permutation p = permutation_of(n, n * 3);
		unsigned char seen[700] = { 0 };

		LOOP (uint64_t, i, 0, i < n, i++) {
			uint64_t image = permutation_at(&p, i);

			assert_true(image < n);
			assert_int_equal(seen[image], 0);
			seen[image] = 1;
		}
	}
}

TEST(it_can_be_undone)
{
	static const uint64_t counts[] = {
		1,
		2,
		3,
		5,
		64,
		65,
		1000,
		65536,
		65537,
		UINT64_C(1) << 32,
		(UINT64_C(1) << 40) + 12345,
		UINT64_C(1) << 63,
	};

	EACH (c, counts) {
		struct permutation p = permutation_of(counts[c], 99 + c);
		uint64_t rng = c;

		LOOP (uint32_t, t, 0, t < 2000, t++) {
			uint64_t i = random_below(&rng, counts[c]);
			uint64_t image = permutation_at(&p, i);

			assert_true(image < counts[c]);
			assert_int_equal(permutation_index(&p, image), i);
			assert_int_equal(permutation_at(&p, permutation_index(&p, i)), i);
		}
	}
}

TEST(inverses_are_inverse)
{
	uint64_t rng = 1;

	LOOP (uint32_t, t, 0, t < 1000, t++) {
		uint64_t odd = random_next(&rng) | 1;

		assert_int_equal(odd * inverse_of_odd(odd), 1);
	}
}

/* Only the seed and n decide: guest and native runner, and two vCPUs on the same memory, compute the same. */
TEST(seed_decides)
{
	struct permutation a = permutation_of(1000, 5), b = permutation_of(1000, 5),
			   c = permutation_of(1000, 6);
	uint32_t same = 0;

	LOOP (uint64_t, i, 0, i < 1000, i++) {
		assert_int_equal(permutation_at(&a, i), permutation_at(&b, i));
		same += permutation_at(&a, i) == permutation_at(&c, i);
	}
	/* By chance one of a thousand stays where it is: more than ten in no seed of a million. */
	assert_true(same < 10);
}

/* A step between -2 and 2 comes by chance four times in n; a step that repeats the last one once in n. */
TEST(no_stride_is_left)
{
	static const uint64_t counts[] = { 1000, 4096, 65536, 100000 };

	EACH (c, counts) {
		LOOP (uint64_t, seed, 0, seed < 8, seed++) {
			struct permutation p = permutation_of(counts[c], seed);
			uint64_t last = permutation_at(&p, 0), last_step = 0;
			uint32_t near = 0, repeated = 0;

			for (uint64_t i = 1; i < counts[c]; i++) {
				uint64_t image = permutation_at(&p, i), step = image - last;

				near += step + 2 <= 4;
				repeated += step == last_step;
				last = image;
				last_step = step;
			}
			assert_true(near < 24);
			assert_true(repeated < 24);
		}
	}
}

/* Over 24000 seeds each of the 24 orders of 4 numbers comes: 1000 times if all were equally likely. */
TEST(small_orders_are_all_there)
{
	uint32_t seen[256] = { 0 }, kinds = 0;

	for (uint64_t seed = 0; seed < 24000; seed++) {
		struct permutation p = permutation_of(4, seed);
		uint32_t order = 0;

		for (uint64_t i = 0; i < 4; i++)
			order = order << 2 | (uint32_t)permutation_at(&p, i);
		seen[order]++;
	}
	LOOP (size_t, i, 0, i < 256, i++) {
		kinds += seen[i] != 0;
		if (seen[i] != 0)
			assert_in_range(seen[i], 500, 1500);
	}
	assert_int_equal(kinds, 24);
}
