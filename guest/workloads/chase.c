/*
 * chase: a random cycle over n lines, one in each of n pages. Every load needs another translation.
 */
#include "cycle.h"
#include "lines.h"

static uint64_t chase_line(uint64_t offset_bytes)
{
	uint64_t page = offset_bytes / PAGE_4K;

	return line_of_page_bytes(page) == offset_bytes ? page : LINES_NONE;
}

static const struct cycle_layout one_a_page = { .offset_bytes = line_of_page_bytes, .line = chase_line };

static int chase_prepare(struct workload_ctx *ctx)
{
	return cycle_prepare(ctx, &one_a_page);
}

static int chase_verify(struct workload_ctx *ctx)
{
	return cycle_verify(ctx, &one_a_page);
}

static int chase_check(struct workload_ctx *ctx)
{
	return cycle_check(ctx, &one_a_page);
}

const struct workload_ops workload_chase = {
	.prepare = chase_prepare,
	.verify = chase_verify,
	.check = chase_check,
	.parts = 1,
	.part = { { .variant = VARIANT_ONLY, .warm_passes = 2, .sample = cycle_sample } },
};
