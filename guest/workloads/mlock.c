/*
 * mlock: every page of the working set written once, in a random order, as mlock() brings memory in; and all of it
 * again, to see that it was held. No neighbour of a page comes before it by more than chance, so what is mapped ahead
 * of a sequential touch is of no help here.
 *
 * The order is computed (permute.h): a table of it would have to lie in memory that is to be untouched.
 */
#include "random_pages.h"
#include "random.h"
#include "timing.h"
#include "workload.h"

static uint64_t mlock_sample(struct workload_ctx *ctx)
{
	const struct permutation order = permutation_of(ctx->pages, ctx->seed);
	uint64_t key = pass_key(ctx, ++ctx->cursor), pages = ctx->pages;
	uint64_t start_cycles, end_cycles;

	keep_value(key);
	start_cycles = tsc_read();
	for (uint64_t i = 0; i < pages; i++) {
		uint64_t page = permutation_at(&order, i);

		*page_word(ctx, page) = key + page;
	}
	end_cycles = tsc_read_after_stores();
	return end_cycles - start_cycles;
}

static int mlock_check(struct workload_ctx *ctx)
{
	return pages_hold(ctx, ctx->cursor);
}

const struct workload_ops workload_mlock = {
	.prepare = random_pages_prepare,
	.verify = random_pages_verify,
	.check = mlock_check,
	.parts = 2,
	.part = {
		{ .variant = VARIANT_FIRST, .max_samples = 1, .may_exit = 1, .sample = mlock_sample },
		{ .variant = VARIANT_HOLD, .sample = mlock_sample },
	},
};
