/*
 * Page tables of the arena: one contiguous piece of memory, mapped with leaves of one size.
 */
#ifndef MINIVMM_GUEST_MM_PAGING_H
#define MINIVMM_GUEST_MM_PAGING_H

#include <stdint.h>

#include "guest/mm/pool.h"

/* What one PML4 entry maps, and so the largest arena. */
#define PML4_SLOT_BYTES (512 * PAGE_1G)

/*
 * Map [gpa, gpa + bytes) from the first address of a PML4 slot on with leaves of leaf_bytes (4K, 2M or 1G); gpa
 * and bytes are multiples of it, bytes at most PML4_SLOT_BYTES. User, writable.
 *
 * All entries start with A = 0 and D = 0, at every level: setting them is part of what a first touch costs on
 * real systems, and a shadowing host that saw A = 1 would map neighbours ahead of the touch that is measured.
 *
 * Returns the PML4 entry, or 0 when the pool is exhausted.
 */
uint64_t paging_map(struct table_pool *pool, uint64_t gpa, uint64_t bytes, uint64_t leaf_bytes);

#endif
