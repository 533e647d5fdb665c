#include "guest/mm/paging.h"

#include "x86.h"

#define ENTRY_FLAGS (PTE_PRESENT | PTE_WRITE | PTE_USER)

/* What an entry of a table spans: 1 GiB in a PDPT, 2 MiB in a PD, 4 KiB in a PT. Leaf sizes are the same numbers. */
static uint64_t below(uint64_t span_bytes)
{
	return span_bytes / TABLE_ENTRIES;
}

/* One mapping while it is built. */
struct mapping {
	struct table_pool *pool;
	uint64_t leaf_bytes;
	uint64_t table_flags, leaf_flags;
};

static void fill_leaves(const struct mapping *m, uint64_t *table, uint64_t gpa, uint64_t count)
{

	for (uint64_t i = 0; i < TABLE_ENTRIES; i++)
		table[i] = i < count ? (gpa + i * m->leaf_bytes) | m->leaf_flags : 0;
}

/* A table of entries that span span_bytes each, for [gpa, gpa + bytes); three levels deep at most. */
static uint64_t *build(const struct mapping *m, uint64_t gpa, uint64_t bytes, uint64_t span_bytes)
{
	uint64_t *table = pool_alloc(m->pool);

	if (table == NULL)
		return NULL;
	if (span_bytes == m->leaf_bytes) {
		fill_leaves(m, table, gpa, bytes / m->leaf_bytes);
		return table;
	}
	for (uint64_t i = 0; i < TABLE_ENTRIES; i++) {
		uint64_t offset = i * span_bytes;
		const uint64_t *next;

		if (offset >= bytes) {
			table[i] = 0;
			continue;
		}
		next = build(m, gpa + offset, min_u64(bytes - offset, span_bytes), below(span_bytes));
		if (next == NULL)
			return NULL;
		table[i] = (uint64_t)(uintptr_t)next | m->table_flags;
	}
	return table;
}

uint64_t paging_map(struct table_pool *pool, uint64_t gpa, uint64_t bytes, uint64_t leaf_bytes,
		    enum paging_bits bits)
{
	uint64_t touched = bits == PAGING_TOUCHED;
	const struct mapping m = {
		.pool = pool,
		.leaf_bytes = leaf_bytes,
		.table_flags = ENTRY_FLAGS | (touched ? PTE_ACCESSED : 0),
		.leaf_flags = ENTRY_FLAGS | (touched ? PTE_ACCESSED | PTE_DIRTY : 0) |
			      (leaf_bytes > PAGE_4K ? PTE_LEAF : 0),
	};
	const uint64_t *pdpt = build(&m, gpa, bytes, PAGE_1G);

	return pdpt != NULL ? (uint64_t)(uintptr_t)pdpt | m.table_flags : 0;
}
