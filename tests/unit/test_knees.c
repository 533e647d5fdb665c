/*
 * Property: a knee is found where a curve leaves a plateau and nowhere else, whatever the noise. A rule that trusts
 * neighbours alone would see knees in noise; one that smooths would lose those of steep curves.
 */
#include "matrix_make.h"

#include <math.h>

#include "random.h"
#include "vmm/lab/sweep/derive.h"

#define MOST 16
#define ALLOCATIONS 5
#define TRIES 1000

static const double staircase[] = { 3.8, 3.8, 9.2, 9.2, 17.7, 17.7, 54, 146 };
#define STEPS (sizeof(staircase) / sizeof(staircase[0]))

/* Each point as 5 allocations would give it. */
static uint32_t knees_of(const double *truth, uint32_t count, double noise, enum noise kind, uint64_t *rng,
			 uint32_t *below)
{
	struct estimate curve[MOST];
	double values[ALLOCATIONS];

	LOOP (uint32_t, i, 0, i < count, i++) {
		for (uint32_t a = 0; a < ALLOCATIONS; a++)
			values[a] = truth[i] * exp(noise * random_noise(kind, rng));
		assert_int_equal(estimate_make(values, ALLOCATIONS, &curve[i]), 0);
	}
	return knees_find(curve, count, below);
}

TEST(staircases)
{
	static const enum noise kinds[] = { NOISE_NORMAL, NOISE_SKEWED, NOISE_HEAVY };
	uint32_t below[MOST], right = 0;
	uint64_t rng = 5;

	assert_int_equal(knees_of(staircase, STEPS, 0, NOISE_NORMAL, &rng, below), 3);
	LOOP (size_t, k, 0, k < 3, k++) {
		LOOP (int, try, 0, try < TRIES, try++)
			right += knees_of(staircase, STEPS, 0.02, kinds[k], &rng, below) == 3 &&
				 below[0] == 1 && below[1] == 3 && below[2] == 5;
	}
	assert_true(right >= 3 * TRIES * 99 / 100);
}

/* Of a curve without knees at most one in a hundred shows one. */
static void no_knees(const double *truth, uint32_t count, double noise)
{
	uint32_t below[MOST], found = 0;
	uint64_t rng = 11;

	LOOP (enum noise, kind, NOISE_NORMAL, kind <= NOISE_TWO_HUMPS, kind++) {
		LOOP (int, try, 0, try < TRIES, try++)
			found += knees_of(truth, count, noise, kind, &rng, below) != 0;
	}
	if (found > TRIES * 4 / 100)
		fail_msg("%u of %d curves without knees show one (noise %g)", found, 4 * TRIES, noise);
}

TEST(flat_curves_have_none)
{
	const double flat[] = { 17.7, 17.7, 17.7, 17.7, 17.7, 17.7, 17.7, 17.7, 17.7, 17.7 };

	no_knees(flat, 10, 0.003);
	no_knees(flat, 10, 0.02);
	no_knees(flat, 10, 0.1);
}

/* A gentle ramp is no plateau that ends, however certain its slope is. */
TEST(slopes_have_none)
{
	double ramp[MOST];

	for (uint32_t i = 0; i < 10; i++)
		ramp[i] = 20 * pow(1.05, i);
	no_knees(ramp, 10, 0.002);
	no_knees(ramp, 10, 0.02);
}

/* chase - packed of a set that fits the TLB is noise around nothing: quotients of it mean nothing. */
TEST(around_nothing)
{
	const struct estimate curve[] = { { -0.02, -0.1, 0.05, 5, 0.95 }, { 0.3, 0.2, 0.4, 5, 0.95 },
					  { 0.1, 0, 0.2, 5, 0.95 },       { 5.2, 5.1, 5.3, 5, 0.95 },
					  { 5.3, 5.2, 5.4, 5, 0.95 },     { 5.2, 5.1, 5.3, 5, 0.95 } };
	uint32_t below[5];

	assert_int_equal(knees_find(curve, 6, below), 1);
	assert_int_equal(below[0], 2);
	assert_int_equal(knees_find(curve, 1, below), 0);
	assert_int_equal(knees_find(curve, 0, below), 0);
}

TEST(outliers_come_back)
{
	const struct estimate curve[] = { { 10, 9.9, 10.1, 5, 0.95 },
					  { 10, 9.9, 10.1, 5, 0.95 },
					  { 30, 29, 31, 5, 0.95 },
					  { 10, 9.9, 10.1, 5, 0.95 },
					  { 10, 9.9, 10.1, 5, 0.95 } };
	const struct estimate wide[] = { { 10, 9, 21, 5, 0.95 },
					 { 20, 19, 21, 5, 0.95 },
					 { 20, 19, 21, 5, 0.95 } };
	uint32_t below[4];

	assert_int_equal(knees_find(curve, 5, below), 0);
	assert_int_equal(knees_find(wide, 3, below), 0);
}

/* In a matrix: of translation where all points have packed beside them, else of chase itself. */
TEST(knees_of_a_matrix)
{
	const double flat = 4, low = 6, high = 16;
	struct matrix_cell *chase[4], *packed[4];
	struct matrix m;

	make_matrix(&m, 8);
	for (uint32_t i = 0; i < 4; i++)
		chase[i] = make_cell(&m, PAGE_4K, "anon", PAGE_4K, "chase", MIB << (3 - i));
	for (uint32_t i = 0; i < 4; i++)
		packed[i] = make_cell(&m, PAGE_4K, "anon", PAGE_4K, "packed", MIB << (3 - i));
	LOOP (uint32_t, i, 0, i < 4, i++) {
		make_rounds(chase[i], i < 2 ? &high : &low, 1);
		make_rounds(packed[i], &flat, 1);
	}
	assert_int_equal(matrix_derive(&m), 0);
	assert_int_equal(m.knee_count, 1);
	assert_true(m.knees[0].of_translation);
	assert_ptr_equal(m.knees[0].below, chase[2]);
	assert_ptr_equal(m.knees[0].above, chase[1]);
	assert_int_equal(m.knees[0].pages_below, 512);
	assert_int_equal(m.knees[0].pages_above, 1024);
	assert_float_equal(m.knees[0].value_below, 2, 1e-9);
	assert_float_equal(m.knees[0].value_above, 12, 1e-9);
	packed[0]->state = STATE_FAILED;
	assert_int_equal(matrix_derive(&m), 0);
	assert_int_equal(m.knee_count, 1);
	assert_false(m.knees[0].of_translation);
	assert_float_equal(m.knees[0].value_above, 16, 1e-9);
	matrix_free(&m);
}
