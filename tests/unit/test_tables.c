/*
 * From an address to its leaf entry, whatever the leaf's size. It could break by a level taken for another, by a bit
 * that counts in one level only (PS), or by bits above the address that get into a pointer: the workloads write where
 * this leads them.
 */

#include "test.h"
#include "guest/workloads/tables.h"

#define TABLE_FLAGS (PTE_PRESENT | PTE_WRITE | PTE_USER)
#define NO_EXECUTE (UINT64_C(1) << 63)

/* Each level's one entry that matters, at an index of its own. */
#define GVA (UINT64_C(3) << 39 | UINT64_C(5) << 30 | UINT64_C(7) << 21 | UINT64_C(11) << 12)

static const uint64_t index_at[TABLES_LEVELS + 1] = { 0, 11, 7, 5, 3 };

static uint64_t *table[TABLES_LEVELS + 1];

static int make_tables(void **state)
{
	(void)state;
	for (uint32_t level = 1; level <= TABLES_LEVELS; level++) {
		table[level] = aligned_alloc(PAGE_4K, PAGE_4K);
		if (table[level] == NULL)
			return -1;
		memset(table[level], 0, PAGE_4K);
	}
	for (uint32_t level = 2; level <= TABLES_LEVELS; level++)
		table[level][index_at[level]] =
			(uint64_t)(uintptr_t)table[level - 1] | TABLE_FLAGS | NO_EXECUTE;
	table[1][index_at[1]] = UINT64_C(0x12345000) | TABLE_FLAGS;
	return 0;
}

static int free_tables(void **state)
{
	(void)state;
	for (uint32_t level = 1; level <= TABLES_LEVELS; level++)
		free(table[level]);
	return 0;
}

TEST_WITH(finds_each_size, make_tables, free_tables)
{
	static const uint64_t sizes[] = { 0, PAGE_4K, PAGE_2M, PAGE_1G };
	uint64_t leaf_bytes = 0;

	LOOP (uint32_t, level, 1, level <= 3, level++) {
		if (level > 1)
			table[level][index_at[level]] = UINT64_C(0x40000000) | TABLE_FLAGS | PTE_LEAF;
		assert_ptr_equal(tables_leaf(table[4], GVA, &leaf_bytes), &table[level][index_at[level]]);
		assert_int_equal(leaf_bytes, sizes[level]);
		assert_ptr_equal(tables_leaf(table[4], GVA | (sizes[level] - 1), NULL),
				 &table[level][index_at[level]]);
		assert_null(tables_leaf(table[4], GVA + (UINT64_C(1) << 39), &leaf_bytes));
	}
}

/* In a PTE the bit of PS is PAT, in a PML4E it is reserved: neither makes a leaf of another size. */
TEST_WITH(a_leaf_bit_counts_where_it_is_one, make_tables, free_tables)
{
	uint64_t leaf_bytes = 0;

	table[1][index_at[1]] |= PTE_LEAF;
	table[4][index_at[4]] |= PTE_LEAF;
	assert_ptr_equal(tables_leaf(table[4], GVA, &leaf_bytes), &table[1][index_at[1]]);
	assert_int_equal(leaf_bytes, PAGE_4K);
}

TEST_WITH(what_is_not_mapped_is_not_found, make_tables, free_tables)
{
	LOOP (uint32_t, level, 1, level <= TABLES_LEVELS, level++) {
		uint64_t *entry = &table[level][index_at[level]];

		*entry &= ~PTE_PRESENT;
		assert_null(tables_leaf(table[4], GVA, NULL));
		*entry |= PTE_PRESENT;
		assert_non_null(tables_leaf(table[4], GVA, NULL));
	}
	assert_null(tables_leaf(table[4], GVA + PAGE_4K, NULL));
}

TEST_WITH(redirects_only_the_address, make_tables, free_tables)
{
	uint64_t entry = UINT64_C(0x000ffffffffff000) | NO_EXECUTE | PTE_PRESENT | PTE_USER | PTE_LEAF;

	assert_int_equal(tables_redirect(entry, UINT64_C(0x7654321000)),
			 UINT64_C(0x7654321000) | NO_EXECUTE | PTE_PRESENT | PTE_USER | PTE_LEAF |
				 PTE_ACCESSED | PTE_DIRTY);
}

TEST_WITH(indices_are_nine_bits_a_level, make_tables, free_tables)
{
	LOOP (uint32_t, level, 1, level <= TABLES_LEVELS, level++) {
		assert_int_equal(tables_index(GVA, level), index_at[level]);
		assert_int_equal(tables_index(UINT64_MAX, level), 511);
		assert_int_equal(tables_index(tables_span_bytes(level) - 1, level), 0);
	}
	assert_int_equal(tables_span_bytes(1), PAGE_4K);
	assert_int_equal(tables_span_bytes(4), 512 * PAGE_1G);
}
