/*
 * tlb-probe: n pages at a fixed stride of 2^s, nothing spread: the fewer sets of a TLB such pages fall into, the
 * earlier it is full. The curves say how many entries and ways it has (vmm/theory/walk/tlb_probe.h reads them).
 *
 * In a guest, steps of a leaf and more go through the aliased window, so that data stays in the L1 cache, and so does
 * their control. Steps inside one leaf (is it one TLB entry?) and natively all steps go through the slice: every load
 * has a cache line of its own there, lying as closely in the caches as the packed ones of that control where a step
 * has the room.
 */
#include <stddef.h>

#include "accesses.h"
#include "walk.h"
#include "window.h"

/* There are a hundred steps and more; 2^17 loads still make reading the clock 1/10000 of a sample. */
#define PROBE_ACCESSES_LEAST (UINT64_C(1) << 17)

static int prepare_window(struct workload_ctx *ctx)
{
	struct walk_shape shape = window_control(ctx);

	if (ctx->stride_bytes != CACHE_LINE_BYTES) {
		shape.stride_bytes = ctx->stride_bytes;
		shape.pages = 0;
	}
	return window_prepare(ctx, &shape, PROBE_ACCESSES_LEAST);
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

static int probe_prepare(struct workload_ctx *ctx)
{
	bool is_control = ctx->stride_bytes == CACHE_LINE_BYTES;

	ctx->lines = ctx->working_set_bytes / PAGE_4K;
	if (!is_control && (!is_pow2(ctx->stride_bytes) || ctx->stride_bytes < PAGE_4K)) {
		ctx->failure = "the stride is neither a cache line nor a power of two from 4 KiB on";
		return -1;
	}
	if (window_is_possible(ctx) && (is_control || ctx->stride_bytes >= ctx->leaf_bytes))
		return prepare_window(ctx);
	return prepare_slice(ctx);
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
