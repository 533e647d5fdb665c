/*
 * Dependent loads at computed addresses, shared by the workloads that look at translation alone: they differ only in
 * where line i lies, so the code that is timed is the same for all.
 *
 * What is loaded does not matter, so several addresses may be one and the same memory. Load k goes to
 *
 *     base + offset[k] + x
 *
 * where x is what the load before it gave, set to zero in a way the CPU does not see through: each address waits for
 * the last load. The table of offsets is off that chain and read ahead, in sequence: eight loads to a line of it.
 */
#ifndef MINIVMM_WORKLOADS_WALK_H
#define MINIVMM_WORKLOADS_WALK_H

#include <stdint.h>

#include "walk_shape.h"
#include "workload.h"

/* Kept in ctx->own between prepare() and check(). */
struct walk {
	struct walk_shape shape;
	uint64_t table_gva; /* of the offsets, uint64_t each: all lines in the order of the loads, repeated */
	uint64_t visited;   /* sum of the offsets of all timed loads */
	uint64_t address_space; /* the workload's: a root of its own that is loaded, or 0 */
};

_Static_assert(sizeof(struct walk) == sizeof(((struct workload_ctx *)0)->own), "a walk is kept in ctx->own");

static inline struct walk *walk_of(struct workload_ctx *ctx)
{
	return (struct walk *)(void *)ctx->own;
}

/* Bytes of the table of so many lines, whole pages; lines up to 2^48. */
uint64_t walk_table_bytes(uint64_t lines);

/*
 * Fill the table (walk_table_bytes() of ctx->lines, which is 1 at least), choose ctx->accesses, at least so many a
 * sample, and set pages and pass_accesses. Each entry is computed on its own, so vCPUs that fill the same table write
 * the same bytes. 0, or -1 with ctx->failure.
 */
int walk_prepare(struct workload_ctx *ctx, const struct walk_shape *shape, unsigned char *table,
		 uint64_t least_accesses);

/*
 * For a walk through the slice: the table lies at the slice's end, and each line is written once (0), where the table
 * does not lie, so that there is memory of its own behind it: pages that are only read may all be the host's one page
 * of zeros. Then as walk_prepare(). -1 also where the lines or the table do not fit the slice.
 */
int walk_prepare_slice(struct workload_ctx *ctx, const struct walk_shape *shape, uint64_t least_accesses);

/* Where load number `turn` of a prepared walk goes; turn is below ctx->lines. */
unsigned char *walk_at(struct workload_ctx *ctx, uint64_t turn);

/* Prove that the table names each of ctx->lines lines once, and again; sets ctx->checksum. 0 or -1. */
int walk_verify(struct workload_ctx *ctx);

/* The timed walk: ctx->accesses dependent loads, from where the last walk ended. TSC cycles. */
uint64_t walk_sample(struct workload_ctx *ctx);

/*
 * The timed walks went to as many lines as they should, and to the right ones, computed anew: the table itself may by
 * now be overwritten where memory is shared. 0, or -1 with ctx->failure.
 */
int walk_check(struct workload_ctx *ctx);

#endif
