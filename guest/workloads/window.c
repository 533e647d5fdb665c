#include "window.h"

#include <stddef.h>

#include "layout.h"
#include "random.h"
#include "units.h"
#include "walk.h"
#include "x86.h"

#define ENTRIES 512
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

static uint64_t *window_tables(const struct workload_ctx *ctx)
{
	return (uint64_t *)(void *)(ctx->slice + ctx->slice_bytes - WINDOW_TABLES_BYTES);
}

/* The window's own tables at the end of the slice: build and load. The address at which the slice then begins. */
static uint64_t open_window(struct workload_ctx *ctx)
{
	uint64_t slice_gpa = ctx->platform->arena_gpa + (uint64_t)(ctx->slice - ctx->arena);
	uint64_t tables_start = ctx->slice_bytes - WINDOW_TABLES_BYTES;

	window_build(window_tables(ctx), slice_gpa + tables_start, align_down(slice_gpa, ctx->leaf_bytes),
		     ctx->leaf_bytes, ctx->platform->pml4);
	walk_of(ctx)->address_space = slice_gpa + tables_start;
	switch_to(ctx, slice_gpa + tables_start);
	return WINDOW_GVA + slice_gpa % ctx->leaf_bytes;
}

static const char *refusal(const struct workload_ctx *ctx, const struct walk_shape *shape)
{
	uint64_t pages = shape->pages != 0 ? shape->pages : ctx->lines;
	uint64_t span_bytes, least_bytes;

	if (!window_is_possible(ctx))
		return "an address space of its own needs a guest";
	if (ctx->lines == 0 || ctx->lines > WINDOW_BYTES / PAGE_4K)
		return "the working set is smaller than a page, or larger than any memory";
	if (!checked_mul(pages, shape->stride_bytes, &span_bytes) || span_bytes > WINDOW_BYTES)
		return "that many pages at this stride are more than the 96 TiB of the window";
	least_bytes = PAGE_4K + walk_table_bytes(ctx->lines) + WINDOW_TABLES_BYTES;
	if (ctx->slice_bytes < least_bytes || !is_aligned(ctx->slice_bytes, PAGE_4K))
		return "this vCPU's part of the arena is too small for page tables of its own";
	return NULL;
}

int window_prepare(struct workload_ctx *ctx, const struct walk_shape *shape, uint64_t least_accesses)
{
	struct walk_shape placed = *shape;
	uint64_t table_bytes;

	ctx->failure = refusal(ctx, shape);
	if (ctx->failure != NULL)
		return -1;
	table_bytes = walk_table_bytes(ctx->lines);
	placed.base_gva = open_window(ctx);
	return walk_prepare(ctx, &placed, ctx->slice + ctx->slice_bytes - WINDOW_TABLES_BYTES - table_bytes,
			    least_accesses);
}

void window_close(struct workload_ctx *ctx)
{
	struct walk *w = walk_of(ctx);

	if (w->address_space == 0)
		return;
	/* The guest's own tables lie where their GVA is their GPA. */
	switch_to(ctx, (uint64_t)(uintptr_t)ctx->platform->pml4);
	/*
	 * Under shadow paging KVM write-protects what it takes for tables until it sees them written again and again
	 * (detect_write_flooding()). Then now, and not in the timed part of who writes here next.
	 */
	fill(window_tables(ctx), 0, WINDOW_TABLES_BYTES / sizeof(uint64_t), 0);
	w->address_space = 0;
}

struct walk_shape window_control(const struct workload_ctx *ctx)
{
	return window_control_shape(ctx->leaf_bytes);
}

static volatile uint64_t *word_at(unsigned char *line)
{
	return (volatile uint64_t *)(void *)line;
}

int window_verify(struct workload_ctx *ctx)
{
	uint64_t key = random_mix(ctx->seed);
	bool same = true;

	for (uint64_t i = 0; i < ctx->lines; i++) {
		unsigned char *line = walk_at(ctx, i);
		volatile uint64_t *home = word_at(ctx->slice + (uint64_t)(line - ctx->slice) % PAGE_4K);

		*word_at(line) = key + i;
		same = same && *home == key + i;
		*home = key - i;
		same = same && *word_at(line) == key - i;
		*home = 0;
	}
	if (!same) {
		ctx->failure = "the pages of the window are not all the same memory";
		return -1;
	}
	return walk_verify(ctx);
}
