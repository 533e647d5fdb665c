/*
 * An address space of a workload's own, in which a window of 96 TiB shows one leaf of memory again and again: ONE page
 * table, ONE page directory, ONE PDPT, whose entries are all the same. So whatever is touched through the window,
 * data and tables stay in the L1 cache, and only what the CPU keeps of translations grows.
 *
 * Outside the window it is the guest's address space: the same code, stack and arena.
 */
#ifndef MINIVMM_WORKLOADS_WINDOW_H
#define MINIVMM_WORKLOADS_WINDOW_H

#include <stdint.h>

#include "workload.h"

/* Four tables: PML4, PDPT, page directory, page table. */
#define WINDOW_TABLES_BYTES (4 * UINT64_C(4096))

/*
 * Build the tables of a window onto the leaf of leaf_bytes (4K, 2M or 1G) at leaf_gpa, at `tables`, which is 4 KiB
 * aligned memory of WINDOW_TABLES_BYTES at tables_gpa. The rest comes from pml4. Entries have A = D = 1. Pure.
 */
void window_build(uint64_t *tables, uint64_t tables_gpa, uint64_t leaf_gpa, uint64_t leaf_bytes,
		  const uint64_t *pml4);

/*
 * The window of a workload, onto the leaf in which its slice begins: tables at the slice's end, loaded now. Until
 * window_close() the slice's first byte is seen at the returned address and at each multiple of the leaf from there
 * to the end of the window. 0 with ctx->failure where there is no room or no ring 0.
 */
uint64_t window_open(struct workload_ctx *ctx);

/*
 * Prove that all lines of a prepared walk lie in the slice's first page: what is written through the first one is read
 * through all, and in the slice, and cleared again. Then as walk_verify().
 */
int window_verify(struct workload_ctx *ctx);

/* Back to the guest's own tables. Does nothing where none was opened. */
void window_close(struct workload_ctx *ctx);

/* Where in the slice the tables begin: memory below, but for the first page, is the workload's own. */
static inline uint64_t window_tables_start_bytes(const struct workload_ctx *ctx)
{
	return ctx->slice_bytes - WINDOW_TABLES_BYTES;
}

#endif
