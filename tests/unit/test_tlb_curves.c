/*
 * A probe takes a while, and a busy host makes some of its rows dearer for a part of it. Rows as such hosts gave them:
 * they could break the analysis by a control that hides a curve's rise, or by a point that noise alone lifts.
 */

#include "test.h"
#include "units.h"
#include "vmm/theory/walk/tlb_probe.h"

static const uint64_t pages[] = { 32, 48, 64, 96, 128, 192, 256, 512 };
#define COUNT (sizeof(pages) / sizeof(pages[0]))

static struct tlb_knee knee_of(const double control[COUNT], const double curve[COUNT], double least_excess)
{
	struct tlb_point points[2 * COUNT];
	struct tlb_curves curves;

	for (size_t i = 0; i < COUNT; i++) {
		points[2 * i] = (struct tlb_point){ pages[i], CACHE_LINE_BYTES, PAGE_4K, control[i] };
		points[2 * i + 1] = (struct tlb_point){ pages[i], PAGE_4K, PAGE_4K, curve[i] };
	}
	assert_true(tlb_curves_make(points, 2 * COUNT, false, &curves));
	assert_int_equal(curves.outside_count, 1);
	return tlb_curve_knee(&curves.outside[0], least_excess, TLB_POINTS_ALONE);
}

static void assert_between(struct tlb_knee k, uint64_t low, uint64_t high)
{
	assert_true(k.found);
	assert_int_equal(k.low_pages, low);
	assert_int_equal(k.high_pages, high);
	assert_true(k.low_cycles < k.high_cycles);
}

static const double quiet[COUNT] = { 15.5, 15.5, 15.5, 15.5, 15.5, 14.4, 15.4, 14.5 };
static const double rises[COUNT] = { 15.5, 15.5, 15.5, 21.1, 21.1, 21.1, 21.1, 21.1 };

TEST(a_busy_control_hides_no_rise)
{
	assert_between(knee_of(quiet, rises, 0), 64, 96);
	/* (The last two could be noise or a full cache: they are not told apart.) */
	LOOP (size_t, i, 0, i + 2 < COUNT, i++) {
		double busy[COUNT];

		memcpy(busy, quiet, sizeof(busy));
		busy[i] = busy[i + 1] = 21.3;
		assert_between(knee_of(busy, rises, 0), 64, 96);
	}
}

/* On CPUs where a line by changing addresses is slow, it sometimes is not. */
TEST(a_cheap_control_feigns_no_rise)
{
	static const double narrow[COUNT] = { 15.5, 15.5, 11.5, 15.4, 15.4, 12, 11.5, 14.5 };
	static const double last[COUNT] = { 15.5, 15.5, 15.5, 15.5, 15.4, 15.4, 12, 11.5 };

	assert_between(knee_of(narrow, rises, 0), 64, 96);
	assert_between(knee_of(last, rises, 0), 64, 96);
}

/* What a cache costs comes with more lines and stays: that is not noise. */
TEST(a_control_that_stays_up_is_believed)
{
	static const double cache[COUNT] = { 3.5, 3.5, 3.5, 8, 8, 8, 8, 8 };
	static const double same[COUNT] = { 3.5, 3.5, 3.5, 8.1, 8, 8, 8.1, 8 };
	static const double steps[COUNT] = { 3.5, 4, 11, 14, 20, 30, 31, 50 };

	assert_false(knee_of(cache, same, 0).found);
	assert_false(knee_of(steps, steps, 0).found);
}

/* 64 pages are dearer than noise usually makes them, and yet not as dear as misses: on which side is the knee? */
TEST(a_doubtful_point_is_left_open)
{
	static const double lifted[COUNT] = { 15.8, 16.4, 18.1, 22.9, 23.2, 21.8, 23.4, 23.7 };
	static const double partly[COUNT] = { 15.5, 15.5, 19.5, 21.1, 21.1, 21.1, 21.1, 21.1 };

	assert_between(knee_of(quiet, lifted, 0), 48, 96);
	/* Some loads that miss are misses. */
	assert_between(knee_of(quiet, partly, 0), 48, 64);
	/* The same above a plateau. */
	assert_between(knee_of(quiet, (const double[COUNT]){ 21, 21, 21, 21, 21, 24.1, 32, 32 }, 8), 128,
		       256);
	assert_between(knee_of(quiet, (const double[COUNT]){ 21, 21, 21, 21, 21, 28, 32, 32 }, 8), 128, 192);
}
