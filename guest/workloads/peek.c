/*
 * peek: one load, then one store, of a word in the last page of the working set: one address of one's choice is touched
 * and nothing else is. Its cycles are those of a single access and mean little; what the access leaves behind in page
 * tables is what `minivmm explain` looks at.
 */
#include "pages.h"
#include "random.h"
#include "timing.h"
#include "workload.h"

enum own {
	OWN_STORED, /* 1: the store was made, so the page has to hold it */
};

static uint64_t peek_page(const struct workload_ctx *ctx)
{
	return ctx->working_set_bytes / PAGE_4K - 1;
}

/* The page has to stay untouched here: it is the first access that is looked at. */
static int peek_prepare(struct workload_ctx *ctx)
{
	if (ctx->working_set_bytes < PAGE_4K)
		return refuse(ctx, "the working set is smaller than a page");
	ctx->pages = 1;
	ctx->accesses = 1;
	ctx->pass_accesses = 1;
	ctx->cursor = 0;
	ctx->own[OWN_STORED] = 0;
	ctx->checksum = random_mix(pass_key(ctx, 0) + peek_page(ctx));
	return 0;
}

/* There is no pattern in memory that could be wrong yet. */
static int peek_verify(struct workload_ctx *ctx)
{
	(void)ctx;
	return 0;
}

static uint64_t peek_load(struct workload_ctx *ctx)
{
	volatile uint64_t *word = page_word(ctx, peek_page(ctx));
	uint64_t start_cycles = tsc_read();

	keep_value(*word);
	return tsc_read() - start_cycles;
}

static uint64_t peek_store(struct workload_ctx *ctx)
{
	volatile uint64_t *word = page_word(ctx, peek_page(ctx));
	uint64_t value = pass_key(ctx, 0) + peek_page(ctx);
	uint64_t start_cycles, end_cycles;

	keep_value(value);
	start_cycles = tsc_read();
	*word = value;
	end_cycles = tsc_read_after_stores();
	ctx->own[OWN_STORED] = 1;
	return end_cycles - start_cycles;
}

/* Where vCPUs share a page of memory (aliased memory) each writes there, and whose value is left is anybody's guess. */
static int peek_check(struct workload_ctx *ctx)
{
	bool shared = ctx->alias_bytes != 0 && ctx->vcpus > 1;

	if (ctx->own[OWN_STORED] == 0 || shared)
		return 0;
	if (*page_word(ctx, peek_page(ctx)) != pass_key(ctx, 0) + peek_page(ctx))
		return refuse(ctx, "the page does not hold what was written to it");
	return 0;
}

const struct workload_ops workload_peek = {
	.prepare = peek_prepare,
	.verify = peek_verify,
	.check = peek_check,
	.parts = 2,
	.part = {
		{ .variant = VARIANT_READ, .max_samples = 1, .may_exit = 1, .sample = peek_load },
		{ .variant = VARIANT_WRITE, .max_samples = 1, .may_exit = 1, .sample = peek_store },
	},
};
