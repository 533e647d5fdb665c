/*
 * Property: estimates equal hand-worked values, and their 95 % interval covers the truth in 92 to 98 of 100 cases,
 * for any number of allocations from 5 on and whatever the noise looks like; what is paired is paired by round. A rank that is
 * off by one, or the bootstrap in place of interpolated ranks, breaks the coverage without a visible sign.
 */
#include <errno.h>
#include <math.h>

#include "test.h"
#include "random.h"
#include "vmm/lab/record/estimate.h"

#define EXACT 1e-12
#define TRIES 4000
#define MOST 20

static const uint32_t counts[] = { 5, 6, 7, 8, 10, 15, 20 };
#define COUNTS (sizeof(counts) / sizeof(counts[0]))

static void assert_covered(const char *what, uint32_t count, int covered)
{
	if (covered < TRIES * 92 / 100 || covered > TRIES * 98 / 100)
		fail_msg("%s of %u values: %d of %d intervals cover the truth", what, count, covered, TRIES);
}

TEST(few_values_give_their_extremes)
{
	const double values[] = { 4, 1, 3, 10, 2 };
	const double lows[] = { 4, 1, 1, 1, 1 }, highs[] = { 4, 4, 4, 10, 10 };
	const double medians[] = { 4, 2.5, 3, 3.5, 3 }, coverage[] = { 0, 0.5, 0.75, 0.875, 0.9375 };
	struct estimate e;

	LOOP (uint32_t, count, 1, count <= 5, count++) {
		assert_int_equal(estimate_make(values, count, &e), 0);
		assert_int_equal(e.count, count);
		assert_float_equal(e.value, medians[count - 1], EXACT);
		assert_float_equal(e.low, lows[count - 1], EXACT);
		assert_float_equal(e.high, highs[count - 1], EXACT);
		assert_float_equal(estimate_coverage(count), coverage[count - 1], EXACT);
		assert_float_equal(e.coverage, coverage[count - 1], EXACT);
		assert_false(estimate_has_ci95(&e));
	}
	assert_float_equal(estimate_coverage(6), 0.95, EXACT);
	assert_float_equal(estimate_coverage(0), 0, EXACT);
}

/*
 * Six values: [X1, X6] covers 1 - 2/64, [X2, X5] covers 1 - 14/64. 0.95 lies 0.1 of the way, and the weight inwards is
 * 5 x 0.1 / (1 + 4 x 0.1). Seven: 0.3142857 of the way, 6 x 0.3142857 / (1 + 5 x 0.3142857) = 0.7333333.
 */
TEST(ends_lie_between_ranks)
{
	const double values[] = { 60, 10, 50, 20, 40, 30, 70 };
	struct estimate e;

	assert_int_equal(estimate_make(values, 6, &e), 0);
	assert_float_equal(e.value, 35, EXACT);
	assert_true(estimate_has_ci95(&e));
	assert_float_equal(e.low, 10 + 10 * 0.5 / 1.4, 1e-9);
	assert_float_equal(e.high, 60 - 10 * 0.5 / 1.4, 1e-9);
	assert_int_equal(estimate_make(values, 7, &e), 0);
	assert_float_equal(e.low, 10 + 10 * 0.7333333333, 1e-8);
	assert_float_equal(e.high, 70 - 10 * 0.7333333333, 1e-8);
	assert_float_equal(values[0], 60, EXACT);
}

TEST(odd_input)
{
	const double same[] = { 7, 7, 7, 7, 7, 7, 7, 7 }, bad[] = { 1, NAN, 2, INFINITY };
	const double far[] = { -1.7e308, 1.7e308, 1.7e308, -1.7e308, 1.7e308, 1.7e308 };
	struct estimate e;

	LOOP (uint32_t, count, 1, count <= 8, count++) {
		assert_int_equal(estimate_make(same, count, &e), 0);
		assert_float_equal(e.low, 7, EXACT);
		assert_float_equal(e.high, 7, EXACT);
	}
	assert_int_equal(estimate_make(bad, 3, &e), -EINVAL);
	assert_int_equal(estimate_make(bad + 2, 2, &e), -EINVAL);
	assert_int_equal(e.count, 0);
	assert_int_equal(estimate_make(bad, 0, &e), 0);
	assert_int_equal(e.count, 0);
	assert_int_equal(estimate_make(far, 6, &e), 0);
	assert_true(isfinite(e.low) && isfinite(e.high) && e.low <= e.high);
}

TEST(very_many_values)
{
	static double values[5000];
	struct estimate e;

	for (uint32_t i = 0; i < 5000; i++)
		values[i] = i;
	assert_int_equal(estimate_make(values, 5000, &e), 0);
	/* Normal approximation: n/2 -+ 1.96 sqrt(n) / 2. */
	assert_float_equal(e.low, 2500 - 69.3, 2);
	assert_float_equal(e.high, 2500 + 69.3, 2);
}

TEST(pairs_are_of_one_round)
{
	const double a[] = { 10, 20, 30, 40, 5 }, b[] = { 2, 0, 10, 8 };
	const uint32_t rounds_a[] = { 0, 1, 3, 4, 9 }, rounds_b[] = { 1, 2, 3, 4 };
	const struct series sa = { a, rounds_a, 5 }, sb = { b, rounds_b, 4 };
	const struct series zero = { b + 1, rounds_b + 1, 1 }, two = { a, rounds_b + 1, 1 };
	const struct series none = { a, rounds_a, 1 };
	double values[4];
	uint32_t rounds[4];
	struct estimate e;

	/* 20/2, 30/10, 40/8 of rounds 1, 3, 4. */
	assert_int_equal(series_pair(sa, sb, PAIR_RATIO, values, rounds), 3);
	assert_float_equal(values[0], 10, EXACT);
	assert_int_equal(rounds[2], 4);
	assert_int_equal(estimate_paired(sa, sb, PAIR_RATIO, &e), 0);
	assert_float_equal(e.value, 5, EXACT);
	assert_float_equal(e.low, 3, EXACT);
	assert_float_equal(e.high, 10, EXACT);
	/* 18, 20, 32. */
	assert_int_equal(estimate_paired(sa, sb, PAIR_DIFFERENCE, &e), 0);
	assert_float_equal(e.value, 20, EXACT);
	assert_int_equal(estimate_paired(none, sb, PAIR_RATIO, &e), 0);
	assert_int_equal(e.count, 0);
	/* Round 2 is common, but x / 0 says nothing. */
	assert_int_equal(series_pair(two, zero, PAIR_RATIO, NULL, NULL), 0);
}

TEST(interval_covers_the_median)
{
	double values[MOST];
	uint64_t rng = 2026;
	struct estimate e;

	LOOP (enum noise, kind, NOISE_NORMAL, kind < NOISE_KINDS, kind++) {
		LOOP (size_t, c, 0, c < COUNTS, c++) {
			int covered = 0;

			LOOP (int, try, 0, try < TRIES, try++) {
				for (uint32_t i = 0; i < counts[c]; i++)
					values[i] = random_noise(kind, &rng);
				assert_int_equal(estimate_make(values, counts[c], &e), 0);
				covered += e.low <= 0 && 0 <= e.high;
			}
			assert_covered("the median", counts[c], covered);
		}
	}
}

/* Both sides share what a round does to them; only so is the interval of the pairs narrow and right. */
static void paired_intervals_cover(enum noise kind, enum pairing how, double truth)
{
	double a[MOST], b[MOST];
	uint32_t rounds[MOST];
	uint64_t rng = 77 + (uint64_t)kind;
	struct estimate e;

	for (uint32_t i = 0; i < MOST; i++)
		rounds[i] = i;
	LOOP (size_t, c, 0, c < COUNTS, c++) {
		const struct series sa = { a, rounds, counts[c] }, sb = { b, rounds, counts[c] };
		int covered = 0, narrow = 0;

		LOOP (int, try, 0, try < TRIES, try++) {
			for (uint32_t i = 0; i < counts[c]; i++) {
				double of_round = exp(0.1 * random_noise(NOISE_SKEWED, &rng));

				b[i] = 100 * of_round;
				a[i] = how == PAIR_RATIO ? b[i] * truth * exp(0.01 * random_noise(kind, &rng))
							 : b[i] + truth + 0.5 * random_noise(kind, &rng);
			}
			assert_int_equal(estimate_paired(sa, sb, how, &e), 0);
			covered += e.low <= truth && truth <= e.high;
			narrow += e.high - e.low < (how == PAIR_RATIO ? 0.5 : 25);
		}
		assert_covered(how == PAIR_RATIO ? "the ratio" : "the difference", counts[c], covered);
		assert_true(narrow > TRIES * 8 / 10);
	}
}

TEST(paired_ratio_covers)
{
	paired_intervals_cover(NOISE_NORMAL, PAIR_RATIO, 1.03);
	paired_intervals_cover(NOISE_HEAVY, PAIR_RATIO, 1.03);
	paired_intervals_cover(NOISE_TWO_HUMPS, PAIR_RATIO, 1);
}

TEST(paired_difference_covers)
{
	paired_intervals_cover(NOISE_NORMAL, PAIR_DIFFERENCE, 5.2);
	paired_intervals_cover(NOISE_SKEWED, PAIR_DIFFERENCE, 5.2);
	paired_intervals_cover(NOISE_FAR_HUMPS, PAIR_DIFFERENCE, 0);
}
