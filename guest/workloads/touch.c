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

/*
 * Where the arena repeats itself (aliased memory), pages so many apart are one page of the host. What is written then
 * depends on that page alone, so that the last write leaves the same, through any address and on any
 * vCPU.
 */
static uint64_t distinct_pages(const struct workload_ctx *ctx)
{
	return ctx->alias_bytes != 0 ? ctx->alias_bytes / PAGE_4K : UINT64_MAX;
}

/* Page number `page` of the slice; `place` is its number among the distinct ones. */
static uint64_t *word_of_page(const struct workload_ctx *ctx, uint64_t page, uint64_t place)
{
	return (uint64_t *)(void *)(ctx->slice + page * PAGE_4K + line_in_page_bytes(place));
}

/* What pass number `pass` (from 1) writes into page 0; each further place gets one more. */
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
		ctx->checksum = random_mix(ctx->checksum ^ (key + page % distinct_pages(ctx)));
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
	uint64_t pages = ctx->pages, distinct = distinct_pages(ctx), place = 0;
	unsigned char *slice = ctx->slice;
	uint64_t start_cycles, end_cycles;

	keep_value(key);
	start_cycles = tsc_read();
	for (uint64_t page = 0; page < pages; page++) {
		uint64_t offset_bytes = page * PAGE_4K + line_in_page_bytes(place);

		*(volatile uint64_t *)(void *)(slice + offset_bytes) = key + place;
		place = place + 1 == distinct ? 0 : place + 1;
	}
	end_cycles = tsc_read_after_stores();
	return end_cycles - start_cycles;
}

/*
 * One page of memory behind several addresses: what is written through each is read through the first. The mark has a
 * page and a word for each vCPU, because they all look at the same memory now.
 */
static int aliases_agree(struct workload_ctx *ctx)
{
	uint64_t distinct = distinct_pages(ctx), place = ctx->vcpu % distinct;
	volatile uint64_t *first = word_of_page(ctx, place, place) + 1;
	uint64_t key = pass_key(ctx, 0);
	bool same = true;

	for (uint64_t page = place + distinct; page < ctx->pages; page += distinct) {
		volatile uint64_t *mark = word_of_page(ctx, page, place) + 1;

		*mark = key + page;
		same = same && *first == key + page;
		*first = 0;
		same = same && *mark == 0;
	}
	if (same)
		return 0;
	ctx->failure = "memory that should be one page behind several addresses is not";
	return -1;
}

static int touch_check(struct workload_ctx *ctx)
{
	uint64_t key = pass_key(ctx, ctx->cursor);

	for (uint64_t page = 0; page < ctx->pages; page++) {
		uint64_t place = page % distinct_pages(ctx);

		if (*word_of_page(ctx, page, place) != key + place) {
			ctx->failure = "a page does not hold what was written to it";
			return -1;
		}
	}
	return ctx->alias_bytes != 0 ? aliases_agree(ctx) : 0;
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
