/*
 * Every page of the working set once, in a random order: for workloads that write to pages in that order and not before,
 * because the first write to them is what they measure.
 */
#ifndef MINIVMM_WORKLOADS_RANDOM_PAGES_H
#define MINIVMM_WORKLOADS_RANDOM_PAGES_H

#include "pages.h"
#include "permute.h"
#include "random.h"

/* cursor: passes so far. The pages must stay untouched here: the first write to them is what is measured. */
static inline int random_pages_prepare(struct workload_ctx *ctx)
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
static inline int random_pages_verify(struct workload_ctx *ctx)
{
	const struct permutation order = permutation_of(ctx->pages, ctx->seed);

	for (uint64_t i = 0; i < ctx->pages; i++) {
		if (permutation_index(&order, permutation_at(&order, i)) != i)
			return refuse(ctx, "the order does not visit every page once");
	}
	return 0;
}

#endif
