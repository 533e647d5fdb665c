/*
 * packed: the cache baseline of chase. As many lines in a cycle made the same way, but 64 to a page, so that
 * there is next to nothing to translate: chase - packed is the cost of translation.
 */
#include "accesses.h"
#include "cycle.h"
#include "lines.h"

static uint64_t packed_offset_bytes(uint64_t line)
{
	return line * CACHE_LINE_BYTES;
}

static uint64_t packed_line(uint64_t offset_bytes)
{
	return is_aligned(offset_bytes, CACHE_LINE_BYTES) ? offset_bytes / CACHE_LINE_BYTES : LINES_NONE;
}

static const struct cycle_layout dense = { .offset_bytes = packed_offset_bytes, .line = packed_line };

static int packed_prepare(struct workload_ctx *ctx)
{
	accesses_block(ctx);
	return cycle_prepare(ctx, &dense);
}

static int packed_verify(struct workload_ctx *ctx)
{
	return cycle_verify(ctx, &dense);
}

static int packed_check(struct workload_ctx *ctx)
{
	return cycle_check(ctx, &dense);
}

const struct workload_ops workload_packed = {
	.prepare = packed_prepare,
	.verify = packed_verify,
	.check = packed_check,
	CYCLE_PARTS,
};
