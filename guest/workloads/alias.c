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
#include "alias_shape.h"
#include "layout.h"
#include "refuse.h"
#include "walk.h"
#include "window.h"

static int alias_prepare(struct workload_ctx *ctx)
{
	struct walk_shape shape;

	ctx->lines = ctx->working_set_bytes / PAGE_4K;
	if (!alias_shape(ctx->stride_bytes, ctx->leaf_bytes, &shape))
		return refuse(ctx, "the stride is neither a cache line nor what a page-table entry "
				   "spans, a guest page at least");
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
