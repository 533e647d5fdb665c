/*
 * touch: one write to each 4 KiB page, ascending. The first pass pays for every page that is not mapped yet in
 * either dimension; the second pays for none.
 *
 * The page's line is spread as in chase: at one fixed offset the second pass would measure cache conflicts.
 */
#include "lines.h"
#include "random.h"
#include "timing.h"
#include "workload.h"

static uint64_t *word_of_page(const struct workload_ctx *ctx, uint64_t page)
{
	return (uint64_t *)(void *)(ctx->slice + line_of_page_bytes(page));
}

/* What pass number `pass` (from 1) writes into page 0; each further page gets one more. */
static uint64_t pass_key(const struct workload_ctx *ctx, uint64_t pass)
{
	return random_mix(ctx->seed ^ pass * RANDOM_GAMMA);
}

/* The pages must stay untouched here: the first write to them is what is measured. */
static int touch_prepare(struct workload_ctx *ctx)
{
	uint64_t key = pass_key(ctx, 1);

	ctx->pages = ctx->working_set_bytes / PAGE_4K;
	if (ctx->pages == 0) {
		ctx->failure = "the working set is smaller than a page";
		return -1;
	}
	ctx->accesses = ctx->pages;
	ctx->pass_accesses = ctx->pages;
	ctx->cursor = 0;
	ctx->checksum = 0;
	for (uint64_t page = 0; page < ctx->pages; page++)
		ctx->checksum = random_mix(ctx->checksum ^ (key + page));
	return 0;
}

/* There is no pattern in memory that could be wrong yet. */
static int touch_verify(struct workload_ctx *ctx)
{
	(void)ctx;
	return 0;
}

static uint64_t touch_sample(struct workload_ctx *ctx)
{
	uint64_t key = pass_key(ctx, ++ctx->cursor);
	uint64_t pages = ctx->pages;
	unsigned char *slice = ctx->slice;
	uint64_t start_cycles, end_cycles;

	keep_value(key);
	start_cycles = tsc_read();
	for (uint64_t page = 0; page < pages; page++)
		*(volatile uint64_t *)(void *)(slice + line_of_page_bytes(page)) = key + page;
	end_cycles = tsc_read();
	return end_cycles - start_cycles;
}

static int touch_check(struct workload_ctx *ctx)
{
	uint64_t key = pass_key(ctx, ctx->cursor);

	for (uint64_t page = 0; page < ctx->pages; page++) {
		if (*word_of_page(ctx, page) != key + page) {
			ctx->failure = "a page does not hold what was written to it";
			return -1;
		}
	}
	return 0;
}

const struct workload_ops workload_touch = {
	.prepare = touch_prepare,
	.verify = touch_verify,
	.check = touch_check,
	.parts = 2,
	.part = {
		{ .variant = VARIANT_FIRST, .max_samples = 1, .may_exit = 1, .sample = touch_sample },
		{ .variant = VARIANT_SECOND, .sample = touch_sample },
	},
};
