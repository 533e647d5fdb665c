/*
 * The shape of the walks of `alias`: which pages of the window are loaded at which stride. Pure.
 */
#ifndef MINIVMM_ALIAS_SHAPE_H
#define MINIVMM_ALIAS_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "units.h"
#include "walk_shape.h"

/*
 * All loads through the window go to these few lines. A line that is loaded by one address now and by another then
 * costs some CPUs more than one with a single address (AMD's L1 cache foresees the way from the virtual address), which
 * has nothing to do with translation. With as few lines every load pays that from twice as many pages on; and with
 * fewer the last load of a line would be too close.
 */
#define WINDOW_LINES_BYTES (16 * CACHE_LINE_BYTES)

/* The smallest first-level TLB for 1 GiB pages has 4 entries, and stack and slice need some. */
#define WINDOW_CONTROL_PAGES 8
#define WINDOW_CONTROL_PAGES_1G 2

/* What an entry of a PML4 spans: the widest stride. */
#define ALIAS_WIDEST_BYTES (512 * PAGE_1G)

/* The control: the same lines, but on so few pages that any TLB holds them. base_gva is the caller's. */
static inline struct walk_shape window_control_shape(uint64_t leaf_bytes)
{
	return (struct walk_shape){
		.stride_bytes = leaf_bytes,
		.line_bytes = WINDOW_LINES_BYTES,
		.pages = leaf_bytes == PAGE_1G ? WINDOW_CONTROL_PAGES_1G : WINDOW_CONTROL_PAGES,
	};
}

/* Is it what an entry of some level spans, and no part of a leaf? */
static inline bool alias_is_level(uint64_t stride_bytes, uint64_t leaf_bytes)
{
	for (uint64_t level = PAGE_4K; level <= ALIAS_WIDEST_BYTES; level *= WALK_SPREAD_ENTRIES) {
		if (stride_bytes == level)
			return stride_bytes >= leaf_bytes;
	}
	return false;
}

/* The levels below the one that the stride exercises count along. */
static inline uint64_t alias_spread_bytes(uint64_t stride_bytes, uint64_t leaf_bytes)
{
	uint64_t sum = 0;

	for (uint64_t level = leaf_bytes; level < stride_bytes; level *= WALK_SPREAD_ENTRIES)
		sum += level;
	return sum;
}

/* Fill *shape but for base_gva. A stride of one cache line is the control. False: the stride is no level's. */
static inline bool alias_shape(uint64_t stride_bytes, uint64_t leaf_bytes, struct walk_shape *shape)
{
	*shape = window_control_shape(leaf_bytes);
	if (stride_bytes == CACHE_LINE_BYTES)
		return true;
	if (!alias_is_level(stride_bytes, leaf_bytes))
		return false;
	shape->stride_bytes = stride_bytes;
	shape->spread_bytes = alias_spread_bytes(stride_bytes, leaf_bytes);
	shape->pages = 0;
	return true;
}

#endif
