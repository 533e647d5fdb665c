/*
 * chase: a random cycle over n lines, one in each of n pages. Every load needs another translation.
 */
#include "accesses.h"
#include "cycle.h"

static int chase_prepare(struct workload_ctx *ctx)
{
	accesses_block(ctx);
	return cycle_prepare(ctx, &cycle_one_a_page);
}

static int chase_verify(struct workload_ctx *ctx)
{
	return cycle_verify(ctx, &cycle_one_a_page);
}

static int chase_check(struct workload_ctx *ctx)
{
	return cycle_check(ctx, &cycle_one_a_page);
}

const struct workload_ops workload_chase = {
	.prepare = chase_prepare,
	.verify = chase_verify,
	.check = chase_check,
	CYCLE_PARTS,
};
