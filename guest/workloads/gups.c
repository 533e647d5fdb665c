/*
 * gups: independent random updates of 8-byte words. Unlike in chase, the address of the next does not wait for the
 * last: several translations are under way at once.
 *
 * An update is an exclusive or, so that the same updates made twice restore the table: that is the proof.
 */
#include "random.h"
#include "timing.h"
#include "units.h"
#include "workload.h"

#define WORD_BYTES sizeof(uint64_t)

/* A sample's own choice: ten milliseconds or so where each update misses the caches. */
#define SAMPLE_UPDATES (UINT64_C(1) << 20)

/* Updates number [first, first + count) of the stream; lines - 1 masks a word number. */
static void update(struct workload_ctx *ctx, uint64_t first, uint64_t count)
{
	volatile uint64_t *words = (volatile uint64_t *)(void *)ctx->slice;
	uint64_t mask = ctx->lines - 1;
	uint64_t state = ctx->seed + first * RANDOM_GAMMA;

	for (; count > 0; count--) {
		uint64_t value = random_next(&state);

		words[value & mask] ^= value;
	}
}

static int all_restored(struct workload_ctx *ctx)
{
	const uint64_t *words = (const uint64_t *)(const void *)ctx->slice;

	for (uint64_t i = 0; i < ctx->lines; i++) {
		if (words[i] != i) {
			ctx->failure = "the random updates, made twice, did not restore the table";
			return -1;
		}
	}
	return 0;
}

/* Fill the table, make a sample's updates once and take the checksum of what they leave. */
static int gups_prepare(struct workload_ctx *ctx)
{
	uint64_t *words = (uint64_t *)(void *)ctx->slice;

	if (ctx->working_set_bytes < PAGE_4K) {
		ctx->failure = "the working set is smaller than a page";
		return -1;
	}
	for (ctx->lines = PAGE_4K / WORD_BYTES; ctx->lines <= ctx->working_set_bytes / WORD_BYTES / 2;)
		ctx->lines *= 2;
	if (ctx->accesses == 0)
		ctx->accesses = SAMPLE_UPDATES;
	ctx->pages = ctx->lines * WORD_BYTES / PAGE_4K;
	/* A random update has no pass; so many visit most pages. */
	ctx->pass_accesses = ctx->pages;
	ctx->cursor = 0;
	for (uint64_t i = 0; i < ctx->lines; i++)
		words[i] = i;
	update(ctx, 0, ctx->accesses);
	ctx->checksum = ctx->accesses;
	for (uint64_t i = 0; i < ctx->lines; i++)
		ctx->checksum = random_mix(ctx->checksum ^ words[i]);
	return 0;
}

static int gups_verify(struct workload_ctx *ctx)
{
	update(ctx, 0, ctx->accesses);
	return all_restored(ctx);
}

/* cursor: updates made since the table was last whole. */
static uint64_t gups_sample(struct workload_ctx *ctx)
{
	uint64_t start_cycles, end_cycles;

	start_cycles = tsc_read();
	update(ctx, ctx->cursor, ctx->accesses);
	end_cycles = tsc_read();
	ctx->cursor += ctx->accesses;
	return end_cycles - start_cycles;
}

static int gups_check(struct workload_ctx *ctx)
{
	update(ctx, 0, ctx->cursor);
	ctx->cursor = 0;
	return all_restored(ctx);
}

const struct workload_ops workload_gups = {
	.prepare = gups_prepare,
	.verify = gups_verify,
	.check = gups_check,
	.parts = 1,
	.part = { { .variant = VARIANT_ONLY, .warm_passes = 1, .sample = gups_sample } },
};
