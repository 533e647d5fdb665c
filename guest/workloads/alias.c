/*
 * alias: n guest-virtual pages that are all one page of memory, through one page table for each level: data and tables
 * stay in the L1 cache, only translations grow. Neighbours are a page, 2 MiB, 1 GiB or 512 GiB apart, so that a walk
 * needs one more entry at one more level each time. Where the stride is one cache line, a few pages are loaded in
 * turns, which every TLB holds: the control.
 *
 * The levels below the one that the stride exercises count along, so that they are as even over the sets of TLBs and
 * walk caches at every stride: only the level at hand differs.
 */
#include "accesses.h"
#include "layout.h"
#include "refuse.h"
#include "walk.h"
#include "window.h"

/* What an entry of a PML4 spans: the widest stride. */
#define WIDEST_BYTES (512 * PAGE_1G)

/* Is it what an entry of some level spans, and no part of a leaf? */
static bool is_level(uint64_t stride_bytes, uint64_t leaf_bytes)
{
	for (uint64_t level = PAGE_4K; level <= WIDEST_BYTES; level *= WALK_SPREAD_ENTRIES) {
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
	struct walk_shape shape = window_control(ctx);

	ctx->lines = ctx->working_set_bytes / PAGE_4K;
	if (ctx->stride_bytes != CACHE_LINE_BYTES) {
		if (!is_level(ctx->stride_bytes, ctx->leaf_bytes))
			return refuse(ctx, "the stride is neither a cache line nor what a page-table entry "
					   "spans, a guest page at least");
		shape.stride_bytes = ctx->stride_bytes;
		shape.spread_bytes = spread_bytes(ctx->stride_bytes, ctx->leaf_bytes);
		shape.pages = 0;
	}
	return window_prepare(ctx, &shape, ACCESSES_LEAST);
}

const struct workload_ops workload_alias = {
	.prepare = alias_prepare,
	.verify = window_verify,
	.check = walk_check,
	.finish = window_close,
	.parts = 1,
	.part = { { .variant = VARIANT_ONLY, .warm_passes = 2, .sample = walk_sample } },
};
