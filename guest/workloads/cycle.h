/*
 * One random cycle through n cache lines, shared by the workloads that chase pointers: they differ only in where
 * line i lies, so the code that is timed is the same for all.
 *
 * Each line holds the address of the next one and nothing else is needed: the cycle is built in place, so that
 * building it leaves no other memory in the caches and a guest needs no heap.
 */
#ifndef MINIVMM_WORKLOADS_CYCLE_H
#define MINIVMM_WORKLOADS_CYCLE_H

#include <stdint.h>

#include "workload.h"

struct cycle_layout {
	uint64_t (*offset_bytes)(uint64_t line); /* of line number `line` in the slice */
	uint64_t (*line)(uint64_t offset_bytes); /* the inverse; LINES_NONE where no line starts */
};

/* Line i in page i, spread over the cache's sets as lines.h has it: every load needs another translation. */
extern const struct cycle_layout cycle_one_a_page;

/* The line that a line of the cycle names: one dependent load. */
static inline const volatile uint64_t *cycle_next(const volatile uint64_t *line)
{
	return (const volatile uint64_t *)(uintptr_t)*line;
}

static inline const volatile uint64_t *cycle_next_4(const volatile uint64_t *line)
{
	return cycle_next(cycle_next(cycle_next(cycle_next(line))));
}

/*
 * Build the cycle for ctx->working_set_bytes / 4 KiB lines and choose ctx->accesses: whole rounds of ctx->chains chains,
 * which may not be more than lines. Sets pages, lines, cursor. 0, or -1 with ctx->failure.
 */
int cycle_prepare(struct workload_ctx *ctx, const struct cycle_layout *layout);

/*
 * Walk it and prove that it is one cycle over exactly ctx->lines lines; sets ctx->checksum, from line numbers and chains
 * alone, and where the chains start (chains.h). 0, or -1 with ctx->failure.
 */
int cycle_verify(struct workload_ctx *ctx, const struct cycle_layout *layout);

/*
 * The timed walk: ctx->accesses loads of all chains together, each chain's dependent on its last one, from where the last
 * walk ended. TSC cycles.
 */
uint64_t cycle_sample(struct workload_ctx *ctx);

/*
 * Each load timed by itself, into ctx->histogram, after which timing nothing takes a few dozen times: the latency of a
 * load is what the pair of readings took longer. Needs one chain. The sum of the latencies in TSC cycles, at least 1.
 */
uint64_t cycle_single_sample(struct workload_ctx *ctx);

/* The parts of a workload that walks a cycle, in its struct workload_ops: all loads at once, and each by itself. */
#define CYCLE_PARTS                                                                    \
	.parts = 2, .part = {                                                          \
		{ .variant = VARIANT_ONLY, .warm_passes = 2, .sample = cycle_sample }, \
		{ .variant = VARIANT_SINGLE,                                           \
		  .single_loads = 1,                                                   \
		  .warm_passes = 2,                                                    \
		  .sample = cycle_single_sample },                                     \
	}

/* The timed walks ended where that many loads end, those of each chain from its start. 0, or -1 with ctx->failure. */
int cycle_check(struct workload_ctx *ctx, const struct cycle_layout *layout);

#endif
