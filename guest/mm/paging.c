#include "guest/mm/paging.h"

#include "x86.h"

#define ENTRY_FLAGS (PTE_PRESENT | PTE_WRITE | PTE_USER)

/* What an entry of a table spans: 1 GiB in a PDPT, 2 MiB in a PD, 4 KiB in a PT. Leaf sizes are the same numbers. */
static uint64_t below(uint64_t span_bytes)
{
	return span_bytes / TABLE_ENTRIES;
}

static void fill_leaves(uint64_t *table, uint64_t gpa, uint64_t count, uint64_t leaf_bytes)
{
	uint64_t flags = ENTRY_FLAGS | (leaf_bytes > PAGE_4K ? PTE_LEAF : 0);

	for (uint64_t i = 0; i < TABLE_ENTRIES; i++)
		table[i] = i < count ? (gpa + i * leaf_bytes) | flags : 0;
}

/* A table of entries that span span_bytes each, for [gpa, gpa + bytes); three levels deep at most. */
static uint64_t *build(struct table_pool *pool, uint64_t gpa, uint64_t bytes, uint64_t span_bytes,
		       uint64_t leaf_bytes)
{
	uint64_t *table = pool_take(pool);

	if (table == NULL)
		return NULL;
	if (span_bytes == leaf_bytes) {
		fill_leaves(table, gpa, bytes / leaf_bytes, leaf_bytes);
		return table;
	}
	for (uint64_t i = 0; i < TABLE_ENTRIES; i++) {
		uint64_t offset = i * span_bytes;
		const uint64_t *next;

		if (offset >= bytes) {
			table[i] = 0;
			continue;
		}
		next = build(pool, gpa + offset, min_u64(bytes - offset, span_bytes), below(span_bytes),
			     leaf_bytes);
		if (next == NULL)
			return NULL;
		table[i] = (uint64_t)(uintptr_t)next | ENTRY_FLAGS;
	}
	return table;
}

uint64_t paging_map(struct table_pool *pool, uint64_t gpa, uint64_t bytes, uint64_t leaf_bytes)
{
	const uint64_t *pdpt = build(pool, gpa, bytes, PAGE_1G, leaf_bytes);

	return pdpt != NULL ? (uint64_t)(uintptr_t)pdpt | ENTRY_FLAGS : 0;
}
