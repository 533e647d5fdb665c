/*
 * An address space of a workload's own, in which a window of 96 TiB shows one leaf of memory again and again: ONE page
 * table, ONE page directory, ONE PDPT, whose entries are all the same. So whatever is touched through the window,
 * data and tables stay in the L1 cache, and only what the CPU keeps of translations grows.
 *
 * Outside the window it is the guest's address space: the same code, stack and arena.
 */
#ifndef MINIVMM_WORKLOADS_WINDOW_H
#define MINIVMM_WORKLOADS_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "alias_shape.h"
#include "walk.h"

/* Four tables: PML4, PDPT, page directory, page table. */
#define WINDOW_TABLES_BYTES (4 * UINT64_C(4096))

/*
 * Build the tables of a window onto the leaf of leaf_bytes (4K, 2M or 1G) at leaf_gpa, at `tables`, which is 4 KiB
 * aligned memory of WINDOW_TABLES_BYTES at tables_gpa. The rest comes from pml4. Entries have A = D = 1. Pure.
 */
void window_build(uint64_t *tables, uint64_t tables_gpa, uint64_t leaf_gpa, uint64_t leaf_bytes,
		  const uint64_t *pml4);

/* Whether this is a guest, which has page tables to build. */
static inline bool window_is_possible(const struct workload_ctx *ctx)
{
	return ctx->platform != NULL && ctx->platform->privileged != NULL && ctx->platform->pml4 != NULL;
}

/*
 * Open a window onto the leaf in which the slice begins, and prepare a walk of ctx->lines lines through it: base_gva of
 * the shape is filled in, the rest is the caller's. The tables lie at the slice's end and are loaded now; below them
 * the walk's own table. 0, or -1 with ctx->failure: no room for either in the slice, addresses beyond the window.
 */
int window_prepare(struct workload_ctx *ctx, const struct walk_shape *shape, uint64_t least_accesses);

/*
 * The control of a walk through the window: the same lines, each by as many addresses in turns, up to 8, but on so few
 * pages that any TLB holds them.
 */
struct walk_shape window_control(const struct workload_ctx *ctx);

/*
 * Prove that all lines of a prepared walk lie in the slice's first bytes: what is written through each is read in the
 * slice, and what is written there is read through each, and then cleared. Then as walk_verify().
 */
int window_verify(struct workload_ctx *ctx);

/* Back to the guest's own tables. Does nothing where none was opened. */
void window_close(struct workload_ctx *ctx);

#endif
