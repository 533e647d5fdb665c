/*
 * The arena's tables translate every address to the right place with leaves of the size asked, and nothing beyond
 * the arena; entries start with A = D = 0; a pool too small by one page is noticed. It could break at a last table
 * that is not full, at the leaf bit that 4 KiB entries must not have, and where the pool ends.
 */
#include "test.h"
#include "guest/mm/paging.h"
#include "x86.h"

#define ADDRESS_MASK UINT64_C(0x000ffffffffff000)

/* A walk in software: the GPA of offset into the arena's slot, or UINT64_MAX; *leaf is the leaf's size. */
static uint64_t walk(uint64_t entry, uint64_t offset, uint64_t *leaf)
{
	for (uint64_t span = PAGE_1G;; span /= TABLE_ENTRIES) {
		const uint64_t *table = (const uint64_t *)(uintptr_t)(entry & ADDRESS_MASK);

		entry = table[offset / span % TABLE_ENTRIES];
		if ((entry & PTE_PRESENT) == 0)
			return UINT64_MAX;
		assert_int_equal(entry & (PTE_WRITE | PTE_USER), PTE_WRITE | PTE_USER);
		assert_int_equal(entry & (PTE_ACCESSED | PTE_DIRTY), 0);
		if (span == PAGE_4K || (entry & PTE_LEAF) != 0) {
			/* In a PTE the leaf bit would be PAT. */
			assert_int_equal(entry & PTE_LEAF, span == PAGE_4K ? 0 : PTE_LEAF);
			*leaf = span;
			return (entry & ADDRESS_MASK) + offset % span;
		}
	}
}

static void check(uint64_t gpa, uint64_t bytes, uint64_t leaf_bytes, uint64_t tables)
{
	unsigned char *memory = aligned_alloc(PAGE_4K, tables * PAGE_4K);
	uint64_t step = max_u64(leaf_bytes, bytes / 4096 / leaf_bytes * leaf_bytes);
	struct table_pool pool;
	uint64_t entry;

	assert_non_null(memory);
	/* What was there before must not show through. */
	for (uint64_t i = 0; i < tables * PAGE_4K; i++)
		memory[i] = 0xff;
	pool_start(&pool, (uint64_t)(uintptr_t)memory, (tables - 1) * PAGE_4K);
	assert_int_equal(paging_map(&pool, gpa, bytes, leaf_bytes, PAGING_UNTOUCHED), 0);
	pool_start(&pool, (uint64_t)(uintptr_t)memory, tables * PAGE_4K);
	entry = paging_map(&pool, gpa, bytes, leaf_bytes, PAGING_UNTOUCHED);
	assert_int_equal(entry & ~ADDRESS_MASK, PTE_PRESENT | PTE_WRITE | PTE_USER);
	LOOP (uint64_t, offset, 0, offset < bytes, offset += step) {
		uint64_t last = offset + leaf_bytes - 1;
		uint64_t leaf = 0;

		assert_int_equal(walk(entry, offset, &leaf), gpa + offset);
		assert_int_equal(leaf, leaf_bytes);
		assert_int_equal(walk(entry, last, &leaf), gpa + last);
	}
	if (bytes < PML4_SLOT_BYTES) {
		uint64_t leaf;

		assert_int_equal(walk(entry, bytes, &leaf), UINT64_MAX);
		assert_int_equal(walk(entry, PML4_SLOT_BYTES - 1, &leaf), UINT64_MAX);
	}
	free(memory);
}

TEST(test_leaves_of_4k)
{
	check(16 * MIB, PAGE_4K, PAGE_4K, 3);
	check(16 * MIB, 2 * MIB, PAGE_4K, 3);
	check(16 * MIB, 2 * MIB + PAGE_4K, PAGE_4K, 4);
	check(4 * GIB, GIB + 6 * MIB, PAGE_4K, 1 + 2 + 512 + 3);
}

TEST(test_leaves_of_2m)
{
	check(16 * MIB, 2 * MIB, PAGE_2M, 2);
	check(5 * GIB, 3 * GIB - 2 * MIB, PAGE_2M, 4);
	check(4 * GIB, PML4_SLOT_BYTES, PAGE_2M, 513);
}

TEST(test_leaves_of_1g)
{
	check(GIB, GIB, PAGE_1G, 1);
	check(4 * GIB, PML4_SLOT_BYTES, PAGE_1G, 1);
}
