/*
 * Memory references of a page walk, in theory and without caches. Pure.
 */
#ifndef MINIVMM_THEORY_WALK_REFS_H
#define MINIVMM_THEORY_WALK_REFS_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/theory/walk/walk_list.h"

/* Levels walked to a leaf of leaf_bytes under a root of `levels` (4 or 5); 0 for a size that is no leaf. */
uint32_t refs_levels(uint32_t levels, uint64_t leaf_bytes);

/*
 * References for one TLB miss with g guest and h host levels walked: each of the g guest entries and the final
 * address is itself translated by the host (Bhargava et al., ASPLOS 2008): (g+1)(h+1)-1. h = 0: native, g.
 */
uint32_t refs_two_dimensional(uint32_t g, uint32_t h);

/*
 * The figure printed beside a measurement. second_dimension: "ept", "npt" (host leaf = backing, tables of host_levels),
 * "shadow" (native walk, leaf = min of both), "none" (native). The first dimension has 4 levels: the guest has no
 * others. 0: unknown second dimension.
 */
uint32_t refs_theory(const char *second_dimension, uint32_t host_levels, uint64_t guest_leaf_bytes,
		     uint64_t backing_leaf_bytes);

/*
 * What is walked where that figure is for: second_dimension and host_levels as above, NULL or another word: not known; of native
 * tables, "none", the leaf is the backing's. false, and *plan is of no use, where that or a page is not known.
 */
bool refs_plan(const char *second_dimension, uint32_t host_levels, uint64_t guest_leaf_bytes,
	       uint64_t backing_leaf_bytes, struct walk_plan *plan);

#endif
