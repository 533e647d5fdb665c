/*
 * Property: of many figures in two sweeps chance marks any in at most 5 % of comparisons, whatever the noise looks
 * like, and a difference of 3 % is found. Corrections that trust a distribution fail with two humps: sides that fall apart
 * into them by chance look certain.
 */
#include <math.h>

#include "test.h"
#include "random.h"
#include "vmm/lab/compare/compare.h"

#define EXACT 1e-12
#define ROUNDS 5
#define BOTH (2 * ROUNDS)
#define FIGURES 200
#define THRESHOLD 0.01

static const uint32_t rounds_of[BOTH] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 };
static double logs[FIGURES][BOTH];
static struct contrast contrasts[FIGURES];

static struct contrast contrast_of(const double *values, uint32_t count_a, uint32_t count_b)
{
	return (struct contrast){
		.logs = values, .rounds = rounds_of, .count_a = count_a, .count_b = count_b
	};
}

/* One figure: its p is the share of ways that part it as clearly, both ways round. */
TEST(one_figure)
{
	const double apart[] = { 0.001, 0.002, 0, 0.003, 0.001, 0.2, 0.202, 0.201, 0.2, 0.203 };
	const double mixed[] = { 0, 0.2, 0, 0.2, 0, 0.2, 0, 0.2, 0, 0.2 };
	const double constant[] = { 1, 1, 1, 1, 1, 1.1, 1.1, 1.1, 1.1, 1.1 };
	struct permutation_summary how;
	struct contrast c = contrast_of(apart, 5, 5);

	assert_int_equal(permutation_test(&c, 1, 5, 5, THRESHOLD, &how), 0);
	assert_int_equal(how.permutations, 252);
	assert_true(how.exhaustive);
	assert_int_equal(how.tested, 1);
	assert_int_equal(how.strata, 1);
	assert_float_equal(how.least_p, 2.0 / 252, EXACT);
	assert_float_equal(c.p, 2.0 / 252, EXACT);
	c = contrast_of(mixed, 5, 5);
	assert_int_equal(permutation_test(&c, 1, 5, 5, THRESHOLD, &how), 0);
	assert_float_equal(c.p, 1, EXACT);
	/* No spread at all on either side. */
	c = contrast_of(constant, 5, 5);
	assert_int_equal(permutation_test(&c, 1, 5, 5, THRESHOLD, &how), 0);
	assert_float_equal(c.p, 2.0 / 252, EXACT);
}

/* As many ways as there are; what they allow at best; and how many allocations would do. */
TEST(few_allocations_prove_nothing)
{
	const double apart[] = { 0, 0, 0, 1, 1, 1, 1, 1 };
	const struct {
		uint32_t a, b, ways;
		double least_p;
	} cases[] = { { 1, 1, 2, 1 },       { 2, 2, 6, 2.0 / 6 },   { 3, 3, 20, 0.1 },
		      { 1, 5, 6, 1.0 / 6 }, { 3, 4, 35, 1.0 / 35 }, { 3, 5, 56, 1.0 / 56 } };
	struct permutation_summary how;

	EACH (i, cases) {
		struct contrast c = contrast_of(apart + 3 - cases[i].a, cases[i].a, cases[i].b);

		assert_int_equal(permutation_test(&c, 1, cases[i].a, cases[i].b, THRESHOLD, &how), 0);
		assert_int_equal(how.permutations, cases[i].ways);
		assert_float_equal(how.least_p, cases[i].least_p, EXACT);
		assert_float_equal(c.p, cases[i].least_p, EXACT);
	}
	/* 2 / C(2n, n): 0.1, 0.029, 0.0079; times 4 strata 0.11, 0.032. */
	assert_int_equal(permutation_least_allocations(1), 4);
	assert_int_equal(permutation_least_allocations(4), 5);
}

TEST(strata_and_what_is_not_tested)
{
	const double close[] = { 0, 0.009, 0, 0.009, 0, 0.009, 0, 0.009, 0, 0.009 };
	const double narrow[] = { 0, 0.001, 0, 0.001, 0, 0.03, 0.031, 0.03, 0.031, 0.03 };
	const double wide[] = { 0, 1, 0, 1, 0, 1, 0, 1, 0, 1 };
	struct permutation_summary how;
	struct contrast c[] = { contrast_of(close, 5, 5), contrast_of(narrow, 5, 5),
				contrast_of(wide, 5, 5) };

	assert_int_equal(permutation_test(c, 3, 5, 5, THRESHOLD, &how), 0);
	assert_int_equal(how.tested, 2);
	assert_int_equal(how.strata, 2);
	assert_int_equal(c[0].stratum, 0);
	assert_float_equal(c[0].p, 1, EXACT);
	/* What jumps by a factor hides nothing of what does not; but there are two groups. */
	assert_float_equal(c[1].p, 2 * 2.0 / 252, EXACT);
	assert_float_equal(c[2].p, 1, EXACT);
	assert_int_equal(permutation_test(c, 0, 5, 5, THRESHOLD, &how), 0);
	assert_int_equal(how.tested, 0);
}

/* 20 and 20 rounds have too many ways: a sample of them, the real one among it, the same at each call. */
TEST(many_rounds_are_drawn)
{
	uint32_t rounds[40];
	double values[2][40];
	struct contrast c[2], again[2];
	struct permutation_summary how;
	uint64_t rng = 3;

	for (uint32_t i = 0; i < 40; i++) {
		rounds[i] = i;
		values[0][i] = 0.01 * random_normal(&rng) + (i < 20 ? 0 : 0.03);
		values[1][i] = 0.01 * random_normal(&rng);
	}
	for (uint32_t i = 0; i < 2; i++)
		c[i] = (struct contrast){ .logs = values[i], .rounds = rounds, .count_a = 20, .count_b = 20 };
	memcpy(again, c, sizeof(c));
	assert_int_equal(permutation_test(c, 2, 20, 20, THRESHOLD, &how), 0);
	assert_false(how.exhaustive);
	assert_int_equal(how.permutations, PERMUTATIONS_MAX);
	assert_true(c[0].p <= 0.002 && c[1].p > 0.05);
	assert_int_equal(permutation_test(again, 2, 20, 20, THRESHOLD, &how), 0);
	assert_float_equal(again[1].p, c[1].p, 0);
}

/* A value that one round lacks: the figure is judged by what it has. */
TEST(rounds_may_miss)
{
	const double values[] = { 0, 0.001, 0.2, 0.201, 0.2, 0.201 };
	const uint32_t rounds[] = { 1, 3, 5, 6, 7, 9 };
	struct permutation_summary how;
	struct contrast c = { .logs = values, .rounds = rounds, .count_a = 2, .count_b = 4 };

	assert_int_equal(permutation_test(&c, 1, 5, 5, THRESHOLD, &how), 0);
	/* Of 252 ways those that keep both apart from the four: C(4, 3), and as many with the sides exchanged. */
	assert_float_equal(c.p, 2 * 4.0 / 252, EXACT);
}

/* What one host shows: every second figure jumps by 46 %, as memory at another place makes it; or is ten times as noisy. */
#define MIXED_JUMPS NOISE_KINDS
#define MIXED_SPREADS (NOISE_KINDS + 1)

/* Noise of 0.5 %: an enum noise, or MIXED_. */
static void draw_sweeps(uint32_t figures, int kind, double shift, uint64_t *rng)
{
	for (uint32_t f = 0; f < figures; f++) {
		enum noise of_figure = kind >= MIXED_JUMPS ? NOISE_NORMAL : (enum noise)kind;
		double spread = kind == MIXED_SPREADS && f % 2 != 0 ? 0.05 : 0.005;

		for (uint32_t i = 0; i < BOTH; i++) {
			logs[f][i] = spread * random_noise(of_figure, rng);
			if (kind == MIXED_JUMPS && f % 2 != 0)
				logs[f][i] += random_uniform(rng) < 0.5 ? 0 : log(1.46);
		}
		contrasts[f] = contrast_of(logs[f], ROUNDS, ROUNDS);
	}
	for (uint32_t i = ROUNDS; i < BOTH; i++)
		logs[0][i] += shift;
}

static bool any_is_marked(uint32_t from, uint32_t to)
{
	for (uint32_t f = from; f < to; f++) {
		if (contrasts[f].p <= FAMILY_LEVEL)
			return true;
	}
	return false;
}

/*
 * Nothing differs. 5 % of all comparisons may mark something; of 200 of one kind more than 16 come with 2 % chance. (Without
 * correction nearly all would.)
 */
TEST(chance_marks_little)
{
	enum { TRIES = 200 };
	static const uint32_t figures[] = { 1, 20 };
	int marked_in_all = 0, tries_in_all = 0;
	struct permutation_summary how;

	LOOP (int, kind, NOISE_NORMAL, kind <= MIXED_SPREADS, kind++) {
		uint64_t rng = 41 + (uint64_t)kind;

		LOOP (int, n, 0, n < 2, n++) {
			int marked = 0;

			LOOP (int, try, 0, try < TRIES, try++) {
				draw_sweeps(figures[n], kind, 0, &rng);
				assert_int_equal(permutation_test(contrasts, figures[n], ROUNDS, ROUNDS,
								  THRESHOLD, &how),
						 0);
				marked += any_is_marked(0, figures[n]);
			}
			if (marked > 16)
				fail_msg("%u figures, noise %d: %d of %d comparisons mark something",
					 figures[n], kind, marked, TRIES);
			marked_in_all += marked;
			tries_in_all += TRIES;
		}
	}
	assert_in_range(marked_in_all, 0, tries_in_all * 5 / 100);
}

TEST(a_difference_is_found)
{
	enum { TRIES = 30 };
	static const struct {
		int kind;
		double factor;
	} cases[] = {
		{ NOISE_NORMAL, 1.03 },  { NOISE_SKEWED, 1.03 }, { MIXED_JUMPS, 1.03 },
		{ MIXED_SPREADS, 1.04 }, { NOISE_NORMAL, 0.97 },
	};
	struct permutation_summary how;
	uint64_t rng = 97;

	EACH (k, cases) {
		int found = 0;

		LOOP (int, try, 0, try < TRIES, try++) {
			draw_sweeps(FIGURES, cases[k].kind, log(cases[k].factor), &rng);
			assert_int_equal(
				permutation_test(contrasts, FIGURES, ROUNDS, ROUNDS, THRESHOLD, &how), 0);
			found += any_is_marked(0, 1);
		}
		if (found < TRIES * 95 / 100)
			fail_msg("noise %d: a factor of %g found in %d of %d", cases[k].kind, cases[k].factor,
				 found, TRIES);
	}
}

/* Pairs of one figure, that many rounds of them. */
static struct contrast pairs_of(const double *values, uint32_t rounds)
{
	return (struct contrast){ .logs = values, .rounds = rounds_of, .count_a = rounds };
}

/* Its p is the share of sign flips that look as clear: of n rounds at best one in 2^(n-1), so that 5 prove nothing. */
TEST(pairs_of_one_figure)
{
	const double all_one_way[] = { 0.03, 0.031, 0.029, 0.03, 0.032, 0.03, 0.031, 0.03 };
	const double one_other_way[] = { 0.03, 0.031, 0.029, 0.03, 0.032, 0.03, 0.031, -0.03 };
	const double too_small[] = { 0.009, 0.008, 0.009, 0.009, 0.009, 0.009 };
	struct permutation_summary how;
	struct contrast c = pairs_of(all_one_way, 8);

	assert_int_equal(sign_flip_test(&c, 1, 8, THRESHOLD, &how), 0);
	assert_int_equal(how.permutations, 128);
	assert_true(how.exhaustive);
	assert_float_equal(how.least_p, 1.0 / 128, EXACT);
	assert_float_equal(c.p, 1.0 / 128, EXACT);
	c = pairs_of(one_other_way, 8);
	assert_int_equal(sign_flip_test(&c, 1, 8, THRESHOLD, &how), 0);
	assert_true(c.p >= 2.0 / 128 && c.p <= 9.0 / 128);
	c = pairs_of(all_one_way, 5);
	assert_int_equal(sign_flip_test(&c, 1, 5, THRESHOLD, &how), 0);
	assert_float_equal(c.p, 1.0 / 16, EXACT);
	assert_float_equal(how.least_p, 1.0 / 16, EXACT);
	c = pairs_of(too_small, 6);
	assert_int_equal(sign_flip_test(&c, 1, 6, THRESHOLD, &how), 0);
	assert_int_equal(c.stratum, 0);
	assert_float_equal(c.p, 1, EXACT);
	assert_int_equal(sign_flip_least_rounds(1), 6);
	assert_int_equal(sign_flip_least_rounds(4), 8);
	assert_int_equal(sign_flip_test(&c, 0, 0, THRESHOLD, &how), 0);
	assert_int_equal(how.tested, 0);
}
