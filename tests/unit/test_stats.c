/*
 * Property: median, MAD and minimum equal hand-worked values, and the interval covers the true median about as often as it
 * claims. An off-by-one in ranks breaks it without any visible sign in a report.
 */
#include <errno.h>
#include <math.h>

#include "test.h"
#include "vmm/lab/record/stats.h"

#define EXACT 1e-12

TEST(odd_count)
{
	const double samples[] = { 9, 1, 4, 100, 5 };
	struct summary s;

	assert_int_equal(summary_make(samples, NULL, 5, &s), 0);
	assert_float_equal(s.min, 1, EXACT);
	assert_float_equal(s.median, 5, EXACT);
	/* Deviations from 5: 4 4 1 95 0; sorted 0 1 4 4 95. */
	assert_float_equal(s.mad, 4, EXACT);
	assert_float_equal(samples[0], 9, EXACT);
}

TEST(even_count)
{
	const double samples[] = { 4, 1, 3, 10 };
	struct summary s;

	assert_int_equal(summary_make(samples, NULL, 4, &s), 0);
	assert_float_equal(s.median, 3.5, EXACT);
	/* Deviations from 3.5: 0.5 2.5 0.5 6.5; the middle two are 0.5 and 2.5. */
	assert_float_equal(s.mad, 1.5, EXACT);
	assert_true(s.within_allocation[0] >= 1 && s.within_allocation[0] <= s.median);
	assert_true(s.within_allocation[1] <= 10 && s.within_allocation[1] >= s.median);
}

TEST(one_sample_and_constant_samples)
{
	const double samples[] = { 7, 7, 7, 7, 7, 7 };
	struct summary s;

	LOOP (uint32_t, count, 1, count <= 6, count++) {
		assert_int_equal(summary_make(samples, NULL, count, &s), 0);
		assert_float_equal(s.min, 7, EXACT);
		assert_float_equal(s.median, 7, EXACT);
		assert_float_equal(s.mad, 0, EXACT);
		assert_float_equal(s.within_allocation[0], 7, EXACT);
		assert_float_equal(s.within_allocation[1], 7, EXACT);
	}
}

TEST(refuses_what_is_not_finite)
{
	const double nan_inside[] = { 1, NAN, 2 }, inf_inside[] = { 1, 2, -INFINITY };
	const double too_far[] = { -1.7e308, 1.7e308, 1.7e308 };
	struct summary s;

	assert_int_equal(summary_make(nan_inside, NULL, 3, &s), -EINVAL);
	assert_int_equal(summary_make(inf_inside, NULL, 3, &s), -EINVAL);
	assert_int_equal(summary_make(nan_inside, NULL, 0, &s), -EINVAL);
	/* The deviations overflow for two of three; the median deviation is 0 and finite. */
	assert_int_equal(summary_make(too_far, NULL, 3, &s), 0);
}

/* By their marks alone, the worst first, and only where that leaves half of them. */
TEST(disturbed_samples_do_not_count)
{
	const double samples[] = { 5, 900, 6, 1, 7, 8 };
	struct summary s;

	assert_int_equal(summary_make(samples, ".x.xm.", 6, &s), 0);
	assert_int_equal(s.left_out, 3);
	assert_float_equal(s.min, 5, EXACT);
	assert_float_equal(s.median, 6, EXACT);
	assert_true(s.within_allocation[0] >= 5 && s.within_allocation[1] <= 8);
	assert_int_equal(summary_make(samples, ".xmxm.", 6, &s), 0);
	assert_int_equal(s.left_out, 2);
	assert_float_equal(s.median, 6.5, EXACT);
	/* Too few for a median, but not for a least. */
	assert_int_equal(summary_make(samples, "xx.xx.", 6, &s), 0);
	assert_int_equal(s.left_out, 0);
	assert_float_equal(s.min, 6, EXACT);
	assert_int_equal(summary_make(samples, "xxmxxm", 6, &s), 0);
	assert_float_equal(s.min, 1, EXACT);
	assert_int_equal(summary_make(samples, "x", 1, &s), 0);
	assert_float_equal(s.min, 5, EXACT);
}

/* Uniform on (0, 1), from another generator than the one under test. */
static double uniform(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(*state >> 11) / 9007199254740992.0;
}

/* Skewed samples as measurements are: exponential, true median ln 2. */
TEST(interval_covers_the_median)
{
	enum { ROUNDS = 400, COUNT = 20 };
	uint64_t rng = 12345;
	double samples[COUNT];
	struct summary s;
	int covered = 0;

	LOOP (int, round, 0, round < ROUNDS, round++) {
		for (int i = 0; i < COUNT; i++)
			samples[i] = -log(1.0 - uniform(&rng));
		assert_int_equal(summary_make(samples, NULL, COUNT, &s), 0);
		covered += s.within_allocation[0] <= log(2) && log(2) <= s.within_allocation[1];
	}
	assert_in_range(covered, ROUNDS * 90 / 100, ROUNDS * 99 / 100);
}
