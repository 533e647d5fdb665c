/*
 * remap: the guest rewrites a leaf entry of its own tables, invalidates, and touches the page, over and over.
 *
 * Leaves work in pairs: in even rounds each page is led to its partner's memory, in odd ones back to its own. A stamp in
 * each leaf tells which memory a touch really saw, so an invalidation that did nothing is found at once.
 */
#include "lines.h"
#include "privileged.h"
#include "random.h"
#include "refuse.h"
#include "tables.h"
#include "timing.h"
#include "workload.h"

/* A sample's own choice: some 50,000 cycles on hardware, ten milliseconds where ring 0 is interpreted. */
#define SAMPLE_REMAPS 256

/* Where the pages are; kept in ctx->own, filled by prepare(). */
enum own {
	OWN_FIRST_GVA,
	OWN_FIRST_GPA,
	OWN_TABLE,   /* of the leaf entry of the first page */
	OWN_ENTRY,   /* that entry as it was */
	OWN_STRANGE, /* or of all differences between what touches saw and what they had to see */
};

/* What the loop in ring 0 works on: no more than it needs, on the caller's stack. */
struct remap {
	volatile uint64_t *table;
	uint64_t entry, first_gva, first_gpa, leaf_bytes;
	uint64_t pages, remaps;
	uint64_t stamp;
	uint64_t strange;
	uint64_t cycles;
};

/* Both of a pair have their stamp at the same offset: a page must find it whichever memory it is led to. */
static inline uint64_t stamp_offset_bytes(uint64_t page, uint64_t leaf_bytes)
{
	return line_of_page_bytes(page / 2) & (leaf_bytes - 1);
}

static uint64_t *stamp_of(const struct workload_ctx *ctx, uint64_t page)
{
	return (uint64_t *)(uintptr_t)(ctx->own[OWN_FIRST_GVA] + page * ctx->leaf_bytes +
				       stamp_offset_bytes(page, ctx->leaf_bytes));
}

/*
 * The pages: as many of the working set as have their entries side by side in one table, an even number. Where the set
 * crosses from one table into the next, the side that has more.
 */
static int choose_pages(struct workload_ctx *ctx, uint32_t level)
{
	uint64_t gva = (uint64_t)(uintptr_t)ctx->slice;
	uint64_t leaves = ctx->working_set_bytes / ctx->leaf_bytes;
	uint64_t room = TABLES_ENTRIES - tables_index(gva, level);

	if (leaves > room && leaves - room > room) {
		gva += room * ctx->leaf_bytes;
		leaves = min_u64(leaves - room, TABLES_ENTRIES);
	}
	ctx->pages = min_u64(leaves, TABLES_ENTRIES - tables_index(gva, level)) & ~UINT64_C(1);
	ctx->own[OWN_FIRST_GVA] = gva;
	ctx->own[OWN_FIRST_GPA] = ctx->platform->arena_gpa + (gva - (uint64_t)(uintptr_t)ctx->arena);
	if (ctx->pages == 0)
		return refuse(ctx, "the working set has no two guest pages side by side in one table");
	return 0;
}

static int remap_prepare(struct workload_ctx *ctx)
{
	const struct platform *platform = ctx->platform;
	uint64_t *entry, leaf_bytes = 0;
	uint32_t level = 1;

	if (!tables_changeable(platform))
		return refuse(ctx, "it needs page tables of its own to change");
	while (level < TABLES_LEVELS && tables_span_bytes(level) < ctx->leaf_bytes)
		level++;
	if (choose_pages(ctx, level) != 0)
		return -1;
	entry = tables_leaf(platform->pml4, ctx->own[OWN_FIRST_GVA], &leaf_bytes);
	if (entry == NULL || leaf_bytes != ctx->leaf_bytes)
		return refuse(ctx, "the working set is not mapped by pages of the size that was said");
	ctx->own[OWN_TABLE] = (uint64_t)(uintptr_t)entry;
	ctx->own[OWN_ENTRY] = *entry;
	if (ctx->accesses == 0)
		ctx->accesses = SAMPLE_REMAPS;
	/* Whole pairs of rounds: a sample ends with every page back on its own memory. */
	if (!checked_add(ctx->accesses, 2 * ctx->pages - 1, &ctx->accesses))
		return refuse(ctx, "the number of accesses a sample is too large");
	ctx->accesses -= ctx->accesses % (2 * ctx->pages);
	ctx->pass_accesses = ctx->pages;
	for (uint64_t page = 0; page < ctx->pages; page++)
		*stamp_of(ctx, page) = tables_first_stamp(ctx) + page;
	ctx->checksum =
		random_mix(random_mix(tables_first_stamp(ctx) ^ ctx->working_set_bytes) ^ ctx->accesses);
	return 0;
}

/* Every page leads to its own memory, and finds its own stamp there. */
static int remap_verify(struct workload_ctx *ctx)
{
	for (uint64_t page = 0; page < ctx->pages; page++) {
		uint64_t gva = ctx->own[OWN_FIRST_GVA] + page * ctx->leaf_bytes;
		const uint64_t *entry = tables_leaf(ctx->platform->pml4, gva, NULL);

		if (entry != (const uint64_t *)(uintptr_t)ctx->own[OWN_TABLE] + page ||
		    (*entry & TABLES_ADDRESS) != ctx->own[OWN_FIRST_GPA] + page * ctx->leaf_bytes)
			return refuse(ctx, "a page of the working set is not mapped to its own memory");
		if (*stamp_of(ctx, page) != tables_first_stamp(ctx) + page)
			return refuse(ctx, "a page does not hold the stamp that was written to it");
	}
	return 0;
}

/* An earlier dirty log may have left tables and ring-0 stack write-protected: they are written here first. */
static int set_bits(struct workload_ctx *ctx)
{
	volatile uint64_t *table = (volatile uint64_t *)(uintptr_t)ctx->own[OWN_TABLE];

	for (uint64_t page = 0; page < ctx->pages; page++)
		table[page] = table[page] | PTE_ACCESSED | PTE_DIRTY;
	tables_flush(ctx->platform);
	return 0;
}

/* The timed loop. `all`: forget everything instead of the one page; a constant where this is inlined. */
static inline void remap_loop(struct remap *r, int all)
{
	/* Read once: where KVM shadows the tables, reading CR3 exits as well. */
	uint64_t cr3 = all ? cr3_read() : 0;
	uint64_t page = 0, partner = 1;
	uint64_t start_cycles = tsc_read();

	for (uint64_t left = r->remaps; left > 0; left--) {
		uint64_t to = page ^ partner;
		uint64_t gva = r->first_gva + page * r->leaf_bytes;

		r->table[page] = tables_redirect(r->entry, r->first_gpa + to * r->leaf_bytes);
		if (all)
			cr3_write(cr3);
		else
			tlb_forget_page(gva);
		gva += stamp_offset_bytes(page, r->leaf_bytes);
		r->strange |= *(const volatile uint64_t *)(uintptr_t)gva ^ (r->stamp + to);
		if (++page == r->pages) {
			page = 0;
			partner ^= 1;
		}
	}
	r->cycles = tsc_read() - start_cycles;
}

static void remap_by_page(void *argument)
{
	remap_loop(argument, 0);
}

static void remap_by_all(void *argument)
{
	remap_loop(argument, 1);
}

static uint64_t sample(struct workload_ctx *ctx, void (*body)(void *))
{
	struct remap r = {
		.table = (volatile uint64_t *)(uintptr_t)ctx->own[OWN_TABLE],
		.entry = ctx->own[OWN_ENTRY],
		.first_gva = ctx->own[OWN_FIRST_GVA],
		.first_gpa = ctx->own[OWN_FIRST_GPA],
		.leaf_bytes = ctx->leaf_bytes,
		.pages = ctx->pages,
		.remaps = ctx->accesses,
		.stamp = tables_first_stamp(ctx),
	};

	ctx->platform->privileged(body, &r);
	ctx->own[OWN_STRANGE] |= r.strange;
	return r.cycles;
}

static uint64_t remap_invlpg(struct workload_ctx *ctx)
{
	return sample(ctx, remap_by_page);
}

static uint64_t remap_cr3(struct workload_ctx *ctx)
{
	return sample(ctx, remap_by_all);
}

static int remap_check(struct workload_ctx *ctx)
{
	if (ctx->own[OWN_STRANGE] != 0)
		return refuse(ctx, "a touch did not see the memory that its page had just been led to");
	return remap_verify(ctx);
}

const struct workload_ops workload_remap = {
	.prepare = remap_prepare,
	.verify = remap_verify,
	.check = remap_check,
	.parts = 2,
	.part = {
		{ .variant = VARIANT_INVLPG, .may_exit = 1, .ring0 = 1, .setup = set_bits, .sample = remap_invlpg },
		{ .variant = VARIANT_CR3, .may_exit = 1, .ring0 = 1, .setup = set_bits, .sample = remap_cr3 },
	},
};
