/*
 * tlb-probe: n pages at a fixed stride of 2^s, nothing spread: the fewer sets of a TLB such pages fall into, the
 * earlier it is full. The curves say how many entries and ways it has (vmm/model/tlb_probe.h reads them).
 *
 * In a guest, steps of a leaf and more go through the aliased window, so that data stays in the L1 cache. Steps inside
 * one leaf (is it one TLB entry?), all steps natively, and the control of packed lines go through the slice: every load
 * has a cache line of its own there, lying as closely in the caches as packed ones where a step has the room.
 */
#include "accesses.h"
#include "layout.h"
#include "walk.h"
#include "window.h"

/* There are a hundred steps and more; 2^17 loads still make reading the clock 1/10000 of a sample. */
#define PROBE_ACCESSES_LEAST (UINT64_C(1) << 17)

static int refuse(struct workload_ctx *ctx, const char *why)
{
	ctx->failure = why;
	return -1;
}

static int prepare_slice(struct workload_ctx *ctx)
{
	struct walk_shape shape = { .base_gva = (uint64_t)(uintptr_t)ctx->slice };

	if (ctx->stride_bytes == CACHE_LINE_BYTES) {
		shape.line_bytes = WALK_LINES_PACKED;
	} else {
		shape.stride_bytes = ctx->stride_bytes;
		shape.line_bytes = min_u64(ctx->stride_bytes, max_u64(ctx->leaf_bytes, PAGE_4K));
	}
	return walk_prepare_slice(ctx, &shape, PROBE_ACCESSES_LEAST);
}

static int prepare_window(struct workload_ctx *ctx)
{
	struct walk_shape shape = { .stride_bytes = ctx->stride_bytes, .line_bytes = PAGE_4K };
	uint64_t table_bytes = walk_table_bytes(ctx->lines), end_bytes;

	if (!checked_mul(ctx->lines, ctx->stride_bytes, &end_bytes) || end_bytes > WINDOW_BYTES)
		return refuse(ctx, "so many pages so far apart are more than the 96 TiB of the window");
	if (ctx->slice_bytes < PAGE_4K + table_bytes + WINDOW_TABLES_BYTES)
		return refuse(ctx, "this vCPU's part of the arena is too small for page tables of its own");
	shape.base_gva = window_open(ctx);
	if (shape.base_gva == 0)
		return -1;
	return walk_prepare(ctx, &shape, ctx->slice + window_tables_start_bytes(ctx) - table_bytes,
			    PROBE_ACCESSES_LEAST);
}

static int probe_prepare(struct workload_ctx *ctx)
{
	bool is_guest = ctx->platform != 0 && ctx->platform->privileged != 0;

	ctx->lines = ctx->working_set_bytes / PAGE_4K;
	if (ctx->lines == 0)
		return refuse(ctx, "the working set is smaller than a page");
	if (ctx->stride_bytes != CACHE_LINE_BYTES &&
	    (!is_pow2(ctx->stride_bytes) || ctx->stride_bytes < PAGE_4K))
		return refuse(ctx, "the stride is neither a cache line nor a power of two from 4 KiB on");
	return is_guest && ctx->stride_bytes >= max_u64(ctx->leaf_bytes, PAGE_4K) ? prepare_window(ctx)
										  : prepare_slice(ctx);
}

static int probe_verify(struct workload_ctx *ctx)
{
	return walk_of(ctx)->address_space != 0 ? window_verify(ctx) : walk_verify(ctx);
}

const struct workload_ops workload_tlb_probe = {
	.prepare = probe_prepare,
	.verify = probe_verify,
	.check = walk_check,
	.finish = window_close,
	.parts = 1,
	.part = { { .variant = VARIANT_ONLY, .warm_passes = 2, .sample = walk_sample } },
};
