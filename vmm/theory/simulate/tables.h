/*
 * Addresses of the page-table entries that a walk reads, computed for the memory of one run; no table is built. Pure.
 *
 * The guest's tables lie in its pool in the order in which it builds them, root in its image; those of alias are the
 * four of its window. The host's, natively the kernel's and the shadow ones are not known: the tables of a level are
 * taken to follow each other, as the frames of the guest's RAM do.
 */
#ifndef MINIVMM_THEORY_SIMULATE_TABLES_H
#define MINIVMM_THEORY_SIMULATE_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/theory/walk/walk_list.h"

struct tables {
	enum walk_kind kind;
	bool window; /* alias: the same memory everywhere, through one table of each level */
	uint32_t
		guest_levels; /* of the tables that a GVA indexes: the guest's, the kernel's, shadow; 0: unpaged */
	uint32_t guest_leaf_level; /* 1 for 4K, 2 for 2M, 3 for 1G */
	uint32_t host_levels;      /* of the tables that a GPA indexes; 0: there is no second dimension */
	uint32_t host_leaf_level;
	uint64_t guest_leaf_bytes; /* what the guest maps, whatever the shadow tables do */
	uint64_t walk_leaf_bytes;  /* what a TLB entry that combines both dimensions covers */
};

/* False for an invalid plan, or a window without paging. */
bool tables_make(const struct walk_plan *plan, bool window, struct tables *t);

/* Address that the program uses for a byte of the working set: a GVA, unpaged a GPA. */
uint64_t tables_address(const struct tables *t, uint64_t offset_bytes);

/* Guest-physical address behind the program's address. Natively there is only one, the frame's. */
uint64_t tables_gpa(const struct tables *t, uint64_t address);

/* The host's frame behind a guest-physical address. */
uint64_t tables_hpa(const struct tables *t, uint64_t gpa);

/* Guest-physical address of the entry of that level that translates address; of a frame where kind is not nested. */
uint64_t tables_guest_entry(const struct tables *t, uint64_t address, uint32_t level);

/* Frame address of the host's entry of that level that translates gpa. */
uint64_t tables_host_entry(uint64_t gpa, uint32_t level);

#endif
