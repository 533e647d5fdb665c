/*
 * alias: n guest-virtual pages that are all one page of memory, through one page table for each level: data and tables
 * stay in the L1 cache, only translations grow. Neighbours are a page, 2 MiB, 1 GiB or 512 GiB apart, so that a walk
 * needs one more entry at one more level each time; a step of one cache line, all in one page, is the control.
 *
 * The levels below the one that the stride exercises count along, so that they are as even over the sets of TLBs and
 * walk caches at every stride: only the level at hand differs.
 */
#include "accesses.h"
#include "layout.h"
#include "walk.h"
#include "window.h"

#define PML4_SLOT_BYTES (512 * PAGE_1G)

static int refuse(struct workload_ctx *ctx, const char *why)
{
	ctx->failure = why;
	return -1;
}

/* Is it what an entry of some level spans, and no part of a leaf? */
static bool is_level(uint64_t stride_bytes, uint64_t leaf_bytes)
{
	for (uint64_t level = PAGE_4K; level <= PML4_SLOT_BYTES; level *= WALK_SPREAD_ENTRIES) {
		if (stride_bytes == level)
			return stride_bytes >= leaf_bytes;
	}
	return false;
}

static uint64_t spread_bytes(uint64_t stride_bytes, uint64_t leaf_bytes)
{
	uint64_t sum = 0;

	for (uint64_t level = leaf_bytes; level < stride_bytes; level *= WALK_SPREAD_ENTRIES)
		sum += level;
	return sum;
}

static int alias_prepare(struct workload_ctx *ctx)
{
	struct walk_shape shape = { .line_bytes = PAGE_4K };
	uint64_t table_bytes, end_bytes;

	ctx->lines = ctx->working_set_bytes / PAGE_4K;
	if (ctx->lines == 0)
		return refuse(ctx, "the working set is smaller than a page");
	if (ctx->stride_bytes != CACHE_LINE_BYTES) {
		if (!is_level(ctx->stride_bytes, ctx->leaf_bytes))
			return refuse(ctx, "the stride is neither a cache line nor what a page-table entry "
					   "spans, a guest page at least");
		shape.stride_bytes = ctx->stride_bytes;
		shape.spread_bytes = spread_bytes(ctx->stride_bytes, ctx->leaf_bytes);
	}
	if (!checked_mul(ctx->lines, shape.stride_bytes, &end_bytes) || end_bytes > WINDOW_BYTES)
		return refuse(ctx, "so many pages so far apart are more than the 96 TiB of the window");
	table_bytes = walk_table_bytes(ctx->lines);
	if (ctx->slice_bytes < PAGE_4K + table_bytes + WINDOW_TABLES_BYTES)
		return refuse(ctx, "this vCPU's part of the arena is too small for page tables of its own");
	shape.base_gva = window_open(ctx);
	if (shape.base_gva == 0)
		return -1;
	return walk_prepare(ctx, &shape, ctx->slice + window_tables_start_bytes(ctx) - table_bytes,
			    ACCESSES_LEAST);
}

const struct workload_ops workload_alias = {
	.prepare = alias_prepare,
	.verify = window_verify,
	.check = walk_check,
	.finish = window_close,
	.parts = 1,
	.part = { { .variant = VARIANT_ONLY, .warm_passes = 2, .sample = walk_sample } },
};
