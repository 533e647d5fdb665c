/*
 * One word in each 4 KiB page of the working set, rewritten by each pass: what workloads do that are about pages, not
 * about what is in them.
 */
#ifndef MINIVMM_WORKLOADS_PAGES_H
#define MINIVMM_WORKLOADS_PAGES_H

#include <stdint.h>

#include "lines.h"
#include "random.h"
#include "refuse.h"
#include "workload.h"

/* The page's word; on a line that is spread as in chase, or cache conflicts would be measured. */
static inline volatile uint64_t *page_word(const struct workload_ctx *ctx, uint64_t page)
{
	return (volatile uint64_t *)(void *)(ctx->slice + line_of_page_bytes(page));
}

/* What pass number `pass` writes into page 0; each further page gets one more. */
static inline uint64_t pass_key(const struct workload_ctx *ctx, uint64_t pass)
{
	return random_mix(ctx->seed ^ (pass + 1) * RANDOM_GAMMA);
}

/* Every page holds what pass number `pass` wrote to it. 0, or -1 with ctx->failure. */
static inline int pages_hold(struct workload_ctx *ctx, uint64_t pass)
{
	uint64_t key = pass_key(ctx, pass);

	for (uint64_t page = 0; page < ctx->pages; page++) {
		if (*page_word(ctx, page) != key + page)
			return refuse(ctx, "a page does not hold what was written to it");
	}
	return 0;
}

#endif
