/*
 * Page tables of the arena: one contiguous piece of memory, mapped with leaves of one size.
 */
#ifndef MINIVMM_GUEST_MM_PAGING_H
#define MINIVMM_GUEST_MM_PAGING_H

#include <stdint.h>

#include "guest/mm/pool.h"

/* What one PML4 entry maps, and so the largest arena. */
#define PML4_SLOT_BYTES (512 * PAGE_1G)

/* What is set in every entry of the arena's tables beyond present, write, user. */
enum paging_bits {
	PAGING_UNTOUCHED, /* A = D = 0 */
	PAGING_TOUCHED,   /* A = 1 at every level, D = 1 in leaves */
};

/*
 * Map [gpa, gpa + bytes) from the first address of a PML4 slot on with leaves of leaf_bytes (4K, 2M or 1G); gpa
 * and bytes are multiples of it, bytes at most PML4_SLOT_BYTES. User, writable.
 *
 * PAGING_UNTOUCHED is what a first touch meets on real systems, where setting the bits is part of its cost; a
 * shadowing host that sees A = 1 maps neighbours ahead of the touch that is measured.
 *
 * Returns the PML4 entry, or 0 when the pool is exhausted.
 */
uint64_t paging_map(struct table_pool *pool, uint64_t gpa, uint64_t bytes, uint64_t leaf_bytes,
		    enum paging_bits bits);

#endif
