/*
 * Several cursors at once on the one cycle of cycle.h: as many loads are under way at a time as there are cursors, and
 * throughput stops growing where the core has no more page walkers or fill buffers for them.
 *
 * They start at equal distances on one cycle, and not each on a cycle of its own: so the memory, its contents and the
 * order of its lines are the same for every number of cursors, and only the number differs. All cursors advance at the
 * same pace, so each line is visited once in as many accesses as there are lines, also as with one cursor.
 */
#ifndef MINIVMM_WORKLOADS_CHAINS_H
#define MINIVMM_WORKLOADS_CHAINS_H

#include <stdint.h>

#include "workload.h"

/* Loads of each cursor in a round of the timed loop. */
#define CHAINS_UNROLL 4

/* 1 also for a workload that knows of none. */
static inline uint32_t chains_of(const struct workload_ctx *ctx)
{
	return ctx->chains > 1 ? ctx->chains : 1;
}

/* Where on a cycle of ctx->lines lines cursor number `chain` starts, in steps from line 0. */
static inline uint64_t chains_start(const struct workload_ctx *ctx, uint32_t chain)
{
	return chain * ctx->lines / chains_of(ctx);
}

/*
 * The timed walk of 2 to CHAINS_MAX cursors, addresses of lines: each makes CHAINS_UNROLL * rounds dependent loads, in
 * turns with the others, and is left where they end. rounds is not 0. TSC cycles.
 */
uint64_t chains_walk(uint64_t *cursors, uint32_t chains, uint64_t rounds);

#endif
