/*
 * dirty: a read, then a write of each page while its A and D bits are clear: what setting them costs, in the guest's
 * tables and in the host's. Then both once more while KVM logs dirty pages.
 *
 * All memory is mapped before, in both dimensions, so that the bits are all there is to do.
 */
#include "pages.h"
#include "random.h"
#include "tables.h"
#include "timing.h"
#include "workload.h"

enum own {
	OWN_ALL,     /* and of all leaf entries right after the last sample */
	OWN_ANY,     /* or of them */
	OWN_WROTE,   /* 1: the last sample wrote */
	OWN_STRANGE, /* or of all differences between what reads found and what they had to find */
};

/*
 * The leaves of the working set: entry of the leaf at gva, from first_leaf on while gva is below set_end. Where vCPUs
 * have to share a leaf, the first may begin before the slice does.
 */
static uint64_t first_leaf(const struct workload_ctx *ctx)
{
	return align_down((uint64_t)(uintptr_t)ctx->slice, ctx->leaf_bytes);
}

static uint64_t set_end(const struct workload_ctx *ctx)
{
	return (uint64_t)(uintptr_t)ctx->slice + ctx->working_set_bytes;
}

/*
 * Every leaf of the working set has to be there, of the size that was said. cursor: the number of the last write pass;
 * pass 0 is made here.
 */
static int dirty_prepare(struct workload_ctx *ctx)
{
	const struct platform *platform = ctx->platform;
	uint64_t leaf_bytes = 0;

	if (!tables_changeable(platform))
		return refuse(ctx, "it needs page tables of its own to change");
	ctx->pages = ctx->working_set_bytes / PAGE_4K;
	if (ctx->pages == 0)
		return refuse(ctx, "the working set is smaller than a page");
	for (uint64_t gva = first_leaf(ctx); gva < set_end(ctx); gva += ctx->leaf_bytes) {
		if (tables_leaf(platform->pml4, gva, &leaf_bytes) == NULL || leaf_bytes != ctx->leaf_bytes)
			return refuse(ctx,
				      "the working set is not mapped by pages of the size that was said");
	}
	ctx->accesses = ctx->pages;
	ctx->pass_accesses = ctx->pages;
	ctx->cursor = 0;
	ctx->checksum = 0;
	for (uint64_t page = 0; page < ctx->pages; page++) {
		*page_word(ctx, page) = pass_key(ctx, 0) + page;
		ctx->checksum = random_mix(ctx->checksum ^ (pass_key(ctx, 1) + page));
	}
	return 0;
}

static int dirty_verify(struct workload_ctx *ctx)
{
	return pages_hold(ctx, ctx->cursor);
}

/* The tables above the leaves keep their A: theirs is one bit for 512 pages. */
static int clear_bits(struct workload_ctx *ctx)
{
	for (uint64_t gva = first_leaf(ctx); gva < set_end(ctx); gva += ctx->leaf_bytes) {
		volatile uint64_t *entry = tables_leaf(ctx->platform->pml4, gva, NULL);

		*entry &= ~(PTE_ACCESSED | PTE_DIRTY);
	}
	tables_flush(ctx->platform);
	return 0;
}

/* Before anybody can reach the next part's setup(): where vCPUs share a large leaf that would clear the bits again. */
static void note_bits(struct workload_ctx *ctx)
{
	ctx->own[OWN_ALL] = UINT64_MAX;
	ctx->own[OWN_ANY] = 0;
	for (uint64_t gva = first_leaf(ctx); gva < set_end(ctx); gva += ctx->leaf_bytes) {
		uint64_t entry = *tables_leaf(ctx->platform->pml4, gva, NULL);

		ctx->own[OWN_ALL] &= entry;
		ctx->own[OWN_ANY] |= entry;
	}
}

static uint64_t dirty_read(struct workload_ctx *ctx)
{
	uint64_t pages = ctx->pages, key = pass_key(ctx, ctx->cursor), strange = 0;
	uint64_t start_cycles, end_cycles;

	keep_value(key);
	start_cycles = tsc_read();
	for (uint64_t page = 0; page < pages; page++)
		strange |= *page_word(ctx, page) ^ (key + page);
	keep_value(strange);
	end_cycles = tsc_read();
	ctx->own[OWN_STRANGE] |= strange;
	ctx->own[OWN_WROTE] = 0;
	note_bits(ctx);
	return end_cycles - start_cycles;
}

static uint64_t dirty_write(struct workload_ctx *ctx)
{
	uint64_t pages = ctx->pages, key = pass_key(ctx, ++ctx->cursor);
	uint64_t start_cycles, end_cycles;

	keep_value(key);
	start_cycles = tsc_read();
	for (uint64_t page = 0; page < pages; page++)
		*page_word(ctx, page) = key + page;
	end_cycles = tsc_read_after_stores();
	ctx->own[OWN_WROTE] = 1;
	note_bits(ctx);
	return end_cycles - start_cycles;
}

/* The bits say that this part, and nothing else, has used every leaf, in the way it should. */
static int dirty_check(struct workload_ctx *ctx)
{
	if (ctx->own[OWN_STRANGE] != 0)
		return refuse(ctx, "a read did not find what was written to its page");
	if ((ctx->own[OWN_ALL] & PTE_ACCESSED) == 0)
		return refuse(ctx, "a page was used, but its A bit is not set");
	if (ctx->own[OWN_WROTE] != 0 && (ctx->own[OWN_ALL] & PTE_DIRTY) == 0)
		return refuse(ctx, "a page was written, but its D bit is not set");
	if (ctx->own[OWN_WROTE] == 0 && (ctx->own[OWN_ANY] & PTE_DIRTY) != 0)
		return refuse(ctx, "a page was only read, but its D bit is set");
	return pages_hold(ctx, ctx->cursor);
}

#define DIRTY_PART(name, log, function)                                                                      \
	{                                                                                                    \
		.variant = (name), .max_samples = 1, .may_exit = 1, .dirty_log = (log), .setup = clear_bits, \
		.sample = (function)                                                                         \
	}

const struct workload_ops workload_dirty = {
	.prepare = dirty_prepare,
	.verify = dirty_verify,
	.check = dirty_check,
	.parts = 4,
	.part = {
		DIRTY_PART(VARIANT_READ, 0, dirty_read),
		DIRTY_PART(VARIANT_WRITE, 0, dirty_write),
		DIRTY_PART(VARIANT_READ_LOGGED, 1, dirty_read),
		DIRTY_PART(VARIANT_WRITE_LOGGED, 1, dirty_write),
	},
};
