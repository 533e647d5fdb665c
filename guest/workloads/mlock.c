/*
 * mlock: every page of the working set written once, in a random order, as mlock() brings memory in; and all of it
 * again, to see that it was held. No neighbour of a page comes before it by more than chance, so what is mapped ahead
 * of a sequential touch is of no help here.
 *
 * The order is computed (permute.h): a table of it would have to lie in memory that is to be untouched.
 */
#include "pages.h"
#include "permute.h"
#include "random.h"
#include "timing.h"
#include "workload.h"

/* cursor: passes so far. The pages must stay untouched here: the first write to them is what is measured. */
static int mlock_prepare(struct workload_ctx *ctx)
{
	struct permutation order;

	ctx->pages = ctx->working_set_bytes / PAGE_4K;
	if (ctx->pages == 0)
		return refuse(ctx, "the working set is smaller than a page");
	order = permutation_of(ctx->pages, ctx->seed);
	ctx->accesses = ctx->pages;
	ctx->pass_accesses = ctx->pages;
	ctx->cursor = 0;
	ctx->checksum = 0;
	for (uint64_t i = 0; i < ctx->pages; i++)
		ctx->checksum = random_mix(ctx->checksum ^ permutation_at(&order, i));
	return 0;
}

/* The order can be undone, page by page: so it visits each page once. */
static int mlock_verify(struct workload_ctx *ctx)
{
	const struct permutation order = permutation_of(ctx->pages, ctx->seed);

	for (uint64_t i = 0; i < ctx->pages; i++) {
		if (permutation_index(&order, permutation_at(&order, i)) != i)
			return refuse(ctx, "the order does not visit every page once");
	}
	return 0;
}

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
	.prepare = mlock_prepare,
	.verify = mlock_verify,
	.check = mlock_check,
	.parts = 2,
	.part = {
		{ .variant = VARIANT_FIRST, .max_samples = 1, .may_exit = 1, .sample = mlock_sample },
		{ .variant = VARIANT_HOLD, .sample = mlock_sample },
	},
};
