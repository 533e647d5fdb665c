/*
 * vpid: a hot set of n lines, one a page, walked again and again: as it is, and after leaving the guest before each
 * walk. What the second costs more is what the exit took away: the translations, where the CPU keeps no VPID or ASID
 * for them (or KVM does not use it), and the lines and tables that the host's own code pushed out of the caches.
 */
#include <stddef.h>

#include "cycle.h"
#include "timing.h"
#include "units.h"

/* A sample's own choice: loads for about a millisecond where translations miss, but not more exits than so many. */
#define SAMPLE_LOADS (UINT64_C(1) << 17)
#define ROUNDS_MOST 1000

/* Untimed rounds of each sample: the doorbell or the gate before it was an exit too. */
#define WARM_ROUNDS 2

static int vpid_prepare(struct workload_ctx *ctx)
{
	uint64_t asked = ctx->accesses, rounds;

	if (cycle_prepare(ctx, &cycle_one_a_page) != 0)
		return -1;
	if (asked == 0)
		rounds = min_u64(max_u64(SAMPLE_LOADS / ctx->lines, 1), ROUNDS_MOST);
	else
		rounds = asked / ctx->lines + (asked % ctx->lines != 0);
	ctx->untimed_accesses = WARM_ROUNDS * ctx->lines;
	if (checked_mul(rounds, ctx->lines, &ctx->accesses))
		return 0;
	ctx->failure = "the number of accesses a sample is too large";
	return -1;
}

static int vpid_verify(struct workload_ctx *ctx)
{
	return cycle_verify(ctx, &cycle_one_a_page);
}

static int vpid_check(struct workload_ctx *ctx)
{
	return cycle_check(ctx, &cycle_one_a_page);
}

/* One round of the cycle, TSC cycles. The clock's own cost is part of it, the same whatever was before. */
static uint64_t timed_round(const volatile uint64_t **line, uint64_t lines)
{
	const volatile uint64_t *at = *line;
	uint64_t start_cycles = tsc_read(), end_cycles;

	for (uint64_t fours = lines / 4; fours > 0; fours--)
		at = cycle_next_4(at);
	for (uint64_t rest = lines % 4; rest > 0; rest--)
		at = cycle_next(at);
	keep_value((uint64_t)(uintptr_t)at);
	end_cycles = tsc_read();
	*line = at;
	return end_cycles - start_cycles;
}

static uint64_t walk(struct workload_ctx *ctx, void (*before_round)(void))
{
	const volatile uint64_t *line = (const volatile uint64_t *)(void *)(ctx->slice + ctx->cursor);
	uint64_t sum_cycles = 0;

	for (int i = 0; i < WARM_ROUNDS; i++)
		(void)timed_round(&line, ctx->lines);
	for (uint64_t rounds = ctx->accesses / ctx->lines; rounds > 0; rounds--) {
		if (before_round != NULL)
			before_round();
		sum_cycles += timed_round(&line, ctx->lines);
	}
	ctx->cursor = (uint64_t)(uintptr_t)line - (uint64_t)(uintptr_t)ctx->slice;
	return sum_cycles;
}

static uint64_t walk_warm(struct workload_ctx *ctx)
{
	return walk(ctx, NULL);
}

static uint64_t walk_after_exit(struct workload_ctx *ctx)
{
	return walk(ctx, ctx->platform->leave);
}

/* No warm passes: a sample warms itself, so that the phase has one exit a round and no others. */
const struct workload_ops workload_vpid = {
	.prepare = vpid_prepare,
	.verify = vpid_verify,
	.check = vpid_check,
	.parts = 2,
	.part = {
		{ .variant = VARIANT_WARM, .sample = walk_warm },
		{ .variant = VARIANT_AFTER_EXIT, .may_exit = 1, .sample = walk_after_exit },
	},
};
