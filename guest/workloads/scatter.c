/*
 * scatter: one load in each leaf of the guest's tables, in a random order that is computed. What is in memory does
 * not matter, so it is right where several guest-physical pages are one page of the host: there it loads the second
 * dimension's translations of a guest that is much larger than the memory behind it.
 *
 * The order lies at the end of the slice, in memory that is read in sequence: one more translation in a thousand
 * loads. vCPUs that share memory fill it with the same bytes. How many loads a working set has depends on the leaf, and
 * so does the checksum.
 */
#include "accesses.h"
#include "walk.h"

static int scatter_prepare(struct workload_ctx *ctx)
{
	uint64_t step_bytes = max_u64(ctx->leaf_bytes, PAGE_4K);
	const struct walk_shape shape = {
		.base_gva = (uint64_t)(uintptr_t)ctx->slice,
		.stride_bytes = step_bytes,
		.line_bytes = step_bytes,
	};

	ctx->lines = ctx->working_set_bytes / step_bytes + (ctx->working_set_bytes % step_bytes != 0);
	return walk_prepare_slice(ctx, &shape, ACCESSES_LEAST);
}

const struct workload_ops workload_scatter = {
	.prepare = scatter_prepare,
	.verify = walk_verify,
	.check = walk_check,
	.parts = 1,
	.part = { { .variant = VARIANT_ONLY, .warm_passes = 2, .sample = walk_sample } },
};
