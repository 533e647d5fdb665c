/*
 * How a workload says no.
 */
#ifndef MINIVMM_WORKLOADS_REFUSE_H
#define MINIVMM_WORKLOADS_REFUSE_H

#include "workload.h"

/* -1, for prepare(), verify(), setup() and check() to return; `why` is a string constant. */
static inline int refuse(struct workload_ctx *ctx, const char *why)
{
	ctx->failure = why;
	return -1;
}

#endif
