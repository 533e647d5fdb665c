#include "window.h"

#include <stddef.h>

#include "layout.h"
#include "random.h"
#include "units.h"
#include "walk.h"
#include "x86.h"

#define ENTRIES 512
#define LINES_A_PAGE (PAGE_4K / CACHE_LINE_BYTES)
#define PML4_SLOT_BYTES (512 * PAGE_1G)

#define TABLE_FLAGS (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED)
#define LEAF_FLAGS (TABLE_FLAGS | PTE_DIRTY)

_Static_assert(WINDOW_TABLES_BYTES == 4 * PAGE_4K && ENTRIES * sizeof(uint64_t) == PAGE_4K, "four tables");
_Static_assert(WINDOW_GVA % PML4_SLOT_BYTES == 0 && WINDOW_BYTES % PML4_SLOT_BYTES == 0,
	       "the window is whole PML4 slots");
_Static_assert((WINDOW_GVA + WINDOW_BYTES) / PML4_SLOT_BYTES <= ENTRIES / 2,
	       "the window ends with the lower half");

static void fill(uint64_t *table, uint64_t first, uint64_t count, uint64_t entry)
{
	for (uint64_t i = first; i < first + count; i++)
		table[i] = entry;
}

void window_build(uint64_t *tables, uint64_t tables_gpa, uint64_t leaf_gpa, uint64_t leaf_bytes,
		  const uint64_t *pml4)
{
	uint64_t below = tables_gpa + PAGE_4K;

	for (uint64_t i = 0; i < ENTRIES; i++)
		tables[i] = pml4[i];
	fill(tables, WINDOW_GVA / PML4_SLOT_BYTES, WINDOW_BYTES / PML4_SLOT_BYTES, below | TABLE_FLAGS);
	/* What an entry of the PDPT spans, of the page directory, of the page table. */
	for (uint64_t span_bytes = PAGE_1G; span_bytes >= PAGE_4K; span_bytes /= ENTRIES) {
		tables += ENTRIES;
		below += PAGE_4K;
		if (span_bytes == leaf_bytes) {
			fill(tables, 0, ENTRIES,
			     leaf_gpa | LEAF_FLAGS | (span_bytes > PAGE_4K ? PTE_LEAF : 0));
			return;
		}
		fill(tables, 0, ENTRIES, below | TABLE_FLAGS);
	}
}

static void load_cr3(void *root_gpa)
{
	const uint64_t *gpa = root_gpa;

	__asm__ volatile("mov\t%0, %%cr3" : : "r"(*gpa) : "memory");
}

static void switch_to(const struct workload_ctx *ctx, uint64_t root_gpa)
{
	ctx->platform->privileged(load_cr3, &root_gpa);
}

uint64_t window_open(struct workload_ctx *ctx)
{
	uint64_t slice_gpa, tables_gpa, leaf_bytes = ctx->leaf_bytes;
	uint64_t *tables;

	if (ctx->platform == NULL || ctx->platform->privileged == NULL || ctx->platform->pml4 == NULL) {
		ctx->failure = "an address space of its own needs a guest";
		return 0;
	}
	if ((leaf_bytes != PAGE_4K && leaf_bytes != PAGE_2M && leaf_bytes != PAGE_1G) ||
	    ctx->slice_bytes < PAGE_4K + WINDOW_TABLES_BYTES) {
		ctx->failure = "this vCPU's part of the arena is too small for page tables of its own";
		return 0;
	}
	slice_gpa = ctx->platform->arena_gpa + (uint64_t)(ctx->slice - ctx->arena);
	tables_gpa = slice_gpa + window_tables_start_bytes(ctx);
	tables = (uint64_t *)(void *)(ctx->slice + window_tables_start_bytes(ctx));
	window_build(tables, tables_gpa, align_down(slice_gpa, leaf_bytes), leaf_bytes, ctx->platform->pml4);
	walk_of(ctx)->address_space = tables_gpa;
	switch_to(ctx, tables_gpa);
	return WINDOW_GVA + slice_gpa % leaf_bytes;
}

void window_close(struct workload_ctx *ctx)
{
	struct walk *w = walk_of(ctx);

	if (w->address_space == 0)
		return;
	/* The guest's own tables lie where their GVA is their GPA. */
	switch_to(ctx, (uint64_t)(uintptr_t)ctx->platform->pml4);
	w->address_space = 0;
}

static volatile uint64_t *word_at(const unsigned char *line)
{
	return (volatile uint64_t *)(uintptr_t)line;
}

int window_verify(struct workload_ctx *ctx)
{
	const struct walk_shape *shape = &walk_of(ctx)->shape;
	unsigned char *first = (unsigned char *)(uintptr_t)shape->base_gva;
	uint64_t key = random_mix(ctx->seed);
	bool same = true;

	for (uint64_t line = 0; line < LINES_A_PAGE; line++)
		*word_at(first + line * CACHE_LINE_BYTES) = key + line;
	for (uint64_t i = 0; i < ctx->lines; i++)
		same = same && *word_at(walk_at(shape, i)) == key + line_in_page_bytes(i) / CACHE_LINE_BYTES;
	for (uint64_t line = 0; line < LINES_A_PAGE; line++) {
		same = same && *word_at(ctx->slice + line * CACHE_LINE_BYTES) == key + line;
		*word_at(ctx->slice + line * CACHE_LINE_BYTES) = 0;
	}
	for (uint64_t i = 0; i < ctx->lines; i++)
		same = same && *word_at(walk_at(shape, i)) == 0;
	if (!same) {
		ctx->failure = "the pages of the window are not all the same memory";
		return -1;
	}
	return walk_verify(ctx);
}
