/*
 * overcommit: each page written once, in a random order, after the host has done something to the memory: given it back,
 * split it, paged it out, merged it. What it costs to have memory again, and whether its content is still there.
 *
 * What the host does, it does at the begin of the part (struct workload_part.host_act).
 */
#include "random_pages.h"
#include "timing.h"
#include "workload.h"

enum own {
	OWN_EQUAL,  /* 1: all pages were filled with the same content */
	OWN_STRANGE /* or of all differences between what was found and what had to be */
};

/* Every page is there, and has a content of its own. */
static int fill_words(struct workload_ctx *ctx)
{
	uint64_t key = pass_key(ctx, ++ctx->cursor);

	for (uint64_t page = 0; page < ctx->pages; page++)
		*page_word(ctx, page) = key + page;
	ctx->own[OWN_EQUAL] = 0;
	return 0;
}

/* Every word of every page is the same. */
static int fill_equal(struct workload_ctx *ctx)
{
	uint64_t key = pass_key(ctx, ++ctx->cursor);
	volatile uint64_t *words = (volatile uint64_t *)(void *)ctx->slice;

	for (uint64_t i = 0; i < ctx->working_set_bytes / sizeof(words[0]); i++)
		words[i] = key;
	ctx->own[OWN_EQUAL] = 1;
	return 0;
}

/*
 * Timed is one store a page: a load first would be a fault of its own where the host then maps its page of zeros, or one
 * that KSM shares. What the pages held before and hold now is looked at after it, as the VMM renews the memory when the
 * part ends: beside the word written there has to be what the fill left or, where the host has given the page back, 0.
 */
static uint64_t overcommit_sample(struct workload_ctx *ctx)
{
	const struct permutation order = permutation_of(ctx->pages, ctx->seed);
	uint64_t was = pass_key(ctx, ctx->cursor), key = pass_key(ctx, ++ctx->cursor);
	uint64_t step = 1 - ctx->own[OWN_EQUAL], pages = ctx->pages, zeros = 0, strange = 0;
	uint64_t start_cycles, end_cycles;

	keep_value(key);
	start_cycles = tsc_read();
	for (uint64_t i = 0; i < pages; i++) {
		uint64_t page = permutation_at(&order, i);

		page_word(ctx, page)[1] = key + page;
	}
	end_cycles = tsc_read_after_stores();
	for (uint64_t page = 0; page < pages; page++) {
		uint64_t found = page_word(ctx, page)[0];

		zeros += found == 0;
		strange |= found == 0 ? 0 : found ^ (was + page * step);
		strange |= page_word(ctx, page)[1] ^ (key + page);
	}
	ctx->own[OWN_STRANGE] = strange;
	ctx->zero_pages = zeros;
	return end_cycles - start_cycles;
}

/* Only what gives memory back may lose what was in it. */
static int overcommit_check(struct workload_ctx *ctx)
{
	if (ctx->own[OWN_STRANGE] != 0)
		return refuse(ctx, "a page held neither what was written to it nor zeros");
	if (ctx->zero_pages != 0 && ctx->variant != VARIANT_BALLOON_LEAF &&
	    ctx->variant != VARIANT_BALLOON_4K)
		return refuse(ctx, "a page lost what was written to it");
	return 0;
}

#define PART(name, act, fill)                                                                      \
	{                                                                                          \
		.variant = VARIANT_##name, .max_samples = 1, .may_exit = 1, .host_act = ACT_##act, \
		.setup = (fill), .sample = overcommit_sample                                       \
	}

const struct workload_ops workload_overcommit = {
	.prepare = random_pages_prepare,
	.verify = random_pages_verify,
	.check = overcommit_check,
	.parts = 7,
	.part = {
		PART(HELD, NONE, fill_words),
		PART(BALLOON_LEAF, BALLOON_LEAF, fill_words),
		PART(BALLOON_4K, BALLOON_4K, fill_words),
		PART(SPLIT, SPLIT, fill_words),
		PART(COLLAPSE, COLLAPSE, fill_words),
		PART(PAGE_OUT, PAGE_OUT, fill_words),
		PART(MERGE, MERGE, fill_equal),
	},
};
