/*
 * Reference counts agree with the published table of two-dimensional walks, for every pair of leaf sizes and 4 or
 * 5 levels. An error by one level would still print plausible theory beside every measurement.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "units.h"
#include "vmm/theory/walk/refs.h"

static const uint64_t leaves[] = { PAGE_4K, PAGE_2M, PAGE_1G };

static void table_of_walks(void **state)
{
	/* Rows: guest 4-level 4K, 2M, 1G, then 5-level; columns: 4-level host 4K, 2M, 1G, then 5-level. */
	static const uint32_t expected[6][6] = {
		{ 24, 19, 14, 29, 24, 19 }, { 19, 15, 11, 23, 19, 15 }, { 14, 11, 8, 17, 14, 11 },
		{ 29, 23, 17, 35, 29, 23 }, { 24, 19, 14, 29, 24, 19 }, { 19, 15, 11, 23, 19, 15 },
	};

	(void)state;
	for (uint32_t row = 0; row < 6; row++) {
		uint32_t g = refs_levels(row < 3 ? 4 : 5, leaves[row % 3]);

		assert_int_equal(refs_two_dimensional(g, 0), g);
		for (uint32_t column = 0; column < 6; column++) {
			uint32_t h = refs_levels(column < 3 ? 4 : 5, leaves[column % 3]);

			assert_int_equal(refs_two_dimensional(g, h), expected[row][column]);
		}
	}
}

static void levels_of_no_leaf(void **state)
{
	(void)state;
	assert_int_equal(refs_levels(4, 0), 0);
	assert_int_equal(refs_levels(4, 64 * KIB), 0);
	assert_int_equal(refs_levels(3, PAGE_4K), 0);
	assert_int_equal(refs_levels(6, PAGE_4K), 0);
}

static void theory_by_second_dimension(void **state)
{
	(void)state;
	assert_int_equal(refs_theory("ept", 4, PAGE_4K, PAGE_2M), 19);
	assert_int_equal(refs_theory("npt", 4, PAGE_1G, PAGE_4K), 14);
	assert_int_equal(refs_theory("ept", 5, PAGE_4K, PAGE_4K), 29);
	assert_int_equal(refs_theory("npt", 5, PAGE_1G, PAGE_2M), 14);
	assert_int_equal(refs_theory("ept", 0, PAGE_4K, PAGE_4K), 0);
	assert_int_equal(refs_theory("shadow", 0, PAGE_4K, PAGE_1G), 4);
	assert_int_equal(refs_theory("shadow", 0, PAGE_2M, PAGE_1G), 3);
	assert_int_equal(refs_theory("shadow", 0, PAGE_1G, PAGE_4K), 4);
	assert_int_equal(refs_theory("none", 0, PAGE_2M, PAGE_2M), 3);
	assert_int_equal(refs_theory("unknown", 0, PAGE_4K, PAGE_4K), 0);
	assert_int_equal(refs_theory(NULL, 0, PAGE_4K, PAGE_4K), 0);
	assert_int_equal(refs_theory("ept", 4, PAGE_4K, 64 * KIB), 0);
	assert_int_equal(refs_theory("shadow", 0, 0, PAGE_4K), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_of_walks),
		cmocka_unit_test(levels_of_no_leaf),
		cmocka_unit_test(theory_by_second_dimension),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
