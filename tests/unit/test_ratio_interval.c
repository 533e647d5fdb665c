/*
 * Property: the ratio of two figures that share no rounds equals the hand-worked one, and its interval covers the factor between
 * them as often as the exact distribution of ranks says. A rank cut off too much makes it look surer than it is.
 */
#include <errno.h>
#include <math.h>

#include "test.h"
#include "random.h"
#include "vmm/lab/compare/compare.h"

#define EXACT 1e-12

/* A is 1 throughout: the ratios are B's values, each as often as A has values. */
TEST(ranks_that_are_cut_off)
{
	const double ones[] = { 1, 1, 1, 1, 1, 1 }, b[] = { 5, 3, 1, 4, 2, 6 };
	struct estimate e;

	/* 3 and 3: P(U <= 0) = 1/20: nothing can be cut off. */
	assert_int_equal(ratio_interval(ones, 3, b, 3, &e), 0);
	assert_float_equal(e.value, 3, EXACT);
	assert_float_equal(e.low, 1, EXACT);
	assert_float_equal(e.high, 5, EXACT);
	assert_int_equal(e.count, 3);
	assert_float_equal(e.coverage, 0.9, EXACT);
	/* A of 1, 10, 100 and so on: all 16 ratios differ; 4 and 4: P(U <= 0) = 1/70, P(U <= 1) = 2/70. */
	{
		const double tens[] = { 1, 10, 100, 1000 }, four[] = { 1, 2, 3, 4 };

		assert_int_equal(ratio_interval(tens, 4, four, 4, &e), 0);
		assert_float_equal(e.value, 2.5 / 55, EXACT);
		assert_float_equal(e.low, 0.001, EXACT);
		assert_float_equal(e.high, 4, EXACT);
		assert_float_equal(e.coverage, 1 - 2 / 70.0, EXACT);
	}
	/* 5 and 5: P(U <= 2) = (1 + 1 + 2) / 252 is below 2.5 %, P(U <= 3) is not: the third of 25 at each end. */
	{
		const double tens[] = { 1, 10, 100, 1000, 10000 }, five[] = { 1, 2, 3, 4, 5 };

		assert_int_equal(ratio_interval(tens, 5, five, 5, &e), 0);
		assert_float_equal(e.value, 0.03, EXACT);
		assert_float_equal(e.low, 0.0003, EXACT);
		assert_float_equal(e.high, 3, EXACT);
		assert_float_equal(e.coverage, 1 - 8 / 252.0, EXACT);
	}
}

TEST(odd_input)
{
	const double ones[] = { 2, 2, 2 }, zero[] = { 1, 0 }, nan[] = { NAN }, tiny[] = { 1e-308 },
		     huge[] = { 1e308 };
	struct estimate e;

	assert_int_equal(ratio_interval(ones, 3, ones, 2, &e), 0);
	assert_float_equal(e.low, 1, EXACT);
	assert_float_equal(e.high, 1, EXACT);
	assert_int_equal(ratio_interval(ones, 0, ones, 2, &e), 0);
	assert_int_equal(e.count, 0);
	assert_int_equal(ratio_interval(ones, 3, zero, 2, &e), -EINVAL);
	assert_int_equal(ratio_interval(nan, 1, ones, 2, &e), -EINVAL);
	assert_int_equal(ratio_interval(tiny, 1, huge, 1, &e), -EINVAL);
	assert_int_equal(e.count, 0);
}

TEST(interval_covers_the_factor)
{
	static const uint32_t counts[] = { 5, 6, 7, 8, 10, 15, 20 };
	enum { TRIES = 1500 };
	double a[20], b[20];
	uint64_t rng = 8;
	struct estimate e;

	LOOP (enum noise, kind, NOISE_NORMAL, kind < NOISE_KINDS, kind++) {
		EACH (c, counts) {
			int covered = 0;

			LOOP (int, try, 0, try < TRIES, try++) {
				for (uint32_t i = 0; i < counts[c]; i++) {
					a[i] = 50 * exp(0.01 * random_noise(kind, &rng));
					b[i] = 51.5 * exp(0.01 * random_noise(kind, &rng));
				}
				assert_int_equal(ratio_interval(a, counts[c], b, counts[c], &e), 0);
				covered += e.low <= 1.03 && 1.03 <= e.high;
			}
			if (covered < TRIES * 92 / 100 || covered > TRIES * 98 / 100)
				fail_msg("%u values, noise %d: %d of %d", counts[c], (int)kind, covered,
					 TRIES);
		}
	}
}

/* So many pairs that the rank sum is taken as normal: as narrow as it should be. */
TEST(many_values)
{
	static double a[100], b[100];
	struct estimate e;

	for (uint32_t i = 0; i < 100; i++) {
		a[i] = exp(i / 100.0);
		b[i] = 2 * exp(i / 100.0);
	}
	assert_int_equal(ratio_interval(a, 100, b, 100, &e), 0);
	assert_float_equal(e.value, 2, 1e-9);
	/* Of uniform logarithms over 1: the rank sum moves by n^2 for a shift of 1; 1.96 n sqrt(n / 6) / n^2 = 0.08. */
	assert_float_equal(log(e.low / 2), -0.08, 0.01);
	assert_float_equal(log(e.high / 2), 0.08, 0.01);
}
