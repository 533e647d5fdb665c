/*
 * Differences of twin's windows over VMs are medians of differences within blocks, each run one value, and each of what it is
 * called: the cost of translation, the control, the layout. It could break by a pair of two runs or of two working sets, by the
 * wrong largest window, or by a run that lacks a window and counts all the same.
 */
#include "test.h"
#include "matrix_make.h"
#include "twin.h"
#include "vmm/lab/sweep/derive.h"
#include "vmm/lab/sweep/matrix.h"

#define PAGES 4096
#define BLOCKS 3

/* A run whose blocks drift by 1000 each, so that only differences within one say anything. */
static void add_run(struct matrix_cell *cell, uint32_t round, const double *of_entry, uint32_t windows)
{
	struct matrix_run *run = make_run(cell, round);
	uint32_t entries[TWIN_ENTRIES], count = twin_entries(windows, entries);

	LOOP (uint32_t, i, 0, i < count, i++) {
		double samples[BLOCKS];

		for (uint32_t b = 0; b < BLOCKS; b++)
			samples[b] = of_entry[entries[i]] + 1000 * b + 77 * round;
		(void)make_row(run, twin_entry_name(entries[i]), PAGES, LATENCY_UNIT, samples, BLOCKS);
	}
}

static void assert_twin(const struct matrix_twin *t, const char *what, const char *window, const char *less,
			double value, double low, double high)
{
	assert_string_equal(twin_what(t), what);
	assert_string_equal(twin_entry_name(t->window), window);
	assert_string_equal(twin_entry_name(t->less), less);
	assert_int_equal(t->pages, PAGES);
	assert_float_equal(t->difference.value, value, 1e-9);
	assert_float_equal(t->difference.low, low, 1e-9);
	assert_float_equal(t->difference.high, high, 1e-9);
}

TEST(differences_are_of_blocks_then_of_runs)
{
	/* 4K and 2M on both sides: windows 0, 1, 3 and 4. */
	const uint32_t windows = 1U << 0 | 1U << 1 | 1U << 3 | 1U << 4;
	const double first[TWIN_ENTRIES] = {
		[0] = 90, [1] = 70, [3] = 60, [4] = 40, [TWIN_PACKED] = 31, [TWIN_AGAIN] = 41
	};
	const double second[TWIN_ENTRIES] = {
		[0] = 94, [1] = 70, [3] = 60, [4] = 40, [TWIN_PACKED] = 31, [TWIN_AGAIN] = 39
	};
	struct matrix_cell *cell;
	struct matrix m;

	make_matrix(&m, 2);
	cell = make_cell(&m, PAGE_4K, "hugetlb", PAGE_2M, "twin", PAGES * PAGE_4K);
	add_run(cell, 0, first, windows);
	add_run(cell, 1, second, windows);
	/* This one found no 2M leaves: it has nothing to say of the others. */
	add_run(cell, 2, first, 1U << 0);
	(void)make_cell(&m, PAGE_4K, "anon", PAGE_4K, "chase", PAGES * PAGE_4K);
	assert_int_equal(matrix_derive(&m), 0);
	assert_int_equal(m.twin_count, 5);
	assert_twin(&m.twins[0], "translation", "4K/4K", "2M/2M", 52, 50, 54);
	assert_twin(&m.twins[1], "translation", "4K/2M", "2M/2M", 30, 30, 30);
	assert_twin(&m.twins[2], "translation", "2M/4K", "2M/2M", 20, 20, 20);
	assert_twin(&m.twins[3], "null", "again", "2M/2M", 0, -1, 1);
	assert_twin(&m.twins[4], "layout", "2M/2M", "packed", 9, 9, 9);
	assert_int_equal(m.twins[0].difference.count, 2);
	/* Once more: what an earlier derivation made is gone. */
	assert_int_equal(matrix_derive(&m), 0);
	assert_int_equal(m.twin_count, 5);
	matrix_free(&m);
	assert_int_equal(m.twin_count, 0);
}

TEST_GROUP(NULL, NULL)
