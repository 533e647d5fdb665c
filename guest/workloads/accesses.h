/*
 * How many loads a sample makes where the user names no number.
 */
#ifndef MINIVMM_WORKLOADS_ACCESSES_H
#define MINIVMM_WORKLOADS_ACCESSES_H

#include "units.h"
#include "workload.h"

/*
 * At least 2^19: about a millisecond where everything hits the L1 cache, so that reading the clock (some 50 cycles)
 * is lost in it. At most 2^21: half a second where every load misses everything; with more than 2^20 lines a sample
 * then sees a part of them, and the next one goes on from there.
 */
#define ACCESSES_LEAST (UINT64_C(1) << 19)
#define ACCESSES_MOST (UINT64_C(1) << 21)

/*
 * A sample of chase and of packed: below a millisecond in the caches, some ten in memory, so that many samples lie between
 * two interrupts and a busy moment spoils few of them. One that sees a part of its lines only sees a random part, because
 * the cycle is random, and the next one goes on from there: a pass a sample would tell no more and take longer.
 */
#define ACCESSES_BLOCK (UINT64_C(1) << 16)

static inline void accesses_block(struct workload_ctx *ctx)
{
	if (ctx->accesses == 0)
		ctx->accesses = ACCESSES_BLOCK;
}

/*
 * Two passes over ctx->lines within these limits, so that a sample does not depend on where it starts, or what was
 * asked; a multiple of `unroll` (a power of two). 0, or -1 with ctx->failure.
 */
static inline int accesses_choose(struct workload_ctx *ctx, uint64_t least, uint64_t unroll)
{
	if (ctx->accesses == 0)
		ctx->accesses = min_u64(max_u64(2 * ctx->lines, least), ACCESSES_MOST);
	if (checked_align_up(ctx->accesses, unroll, &ctx->accesses))
		return 0;
	ctx->failure = "the number of accesses a sample is too large";
	return -1;
}

#endif
