/*
 * twin: what guest and VMM both have to know of it: its windows, its blocks, and the order in which a block samples.
 *
 * A window is one pair of leaves: of the guest's own page tables and of the second dimension. Window 3 g + h has leaves
 * twin_leaf_bytes(g) and twin_leaf_bytes(h). A block samples each window that the machine has once, and two entries more:
 * as many lines packed 64 to a page, through the last window (the one with the largest leaves of both dimensions), and
 * that window again, which says how far two samples of one and the same thing are apart.
 */
#ifndef MINIVMM_TWIN_H
#define MINIVMM_TWIN_H

#include <stdint.h>

#include "layout.h"
#include "random.h"
#include "units.h"

#define TWIN_LEAVES 3
#define TWIN_WINDOWS (TWIN_LEAVES * TWIN_LEAVES)

/* An entry of a block: a window's number, or one of these. */
#define TWIN_PACKED TWIN_WINDOWS
#define TWIN_AGAIN (TWIN_WINDOWS + 1)
#define TWIN_ENTRIES (TWIN_WINDOWS + 2)

/* Blocks for each sample asked. */
#define TWIN_BLOCKS_A_REPEAT 16

/* 4K, 2M, 1G. */
static inline uint64_t twin_leaf_bytes(uint32_t index)
{
	return PAGE_4K << (9 * index);
}

static inline uint64_t twin_guest_leaf(uint32_t window)
{
	return twin_leaf_bytes(window / TWIN_LEAVES);
}

static inline uint64_t twin_host_leaf(uint32_t window)
{
	return twin_leaf_bytes(window % TWIN_LEAVES);
}

/* The address of that guest-physical one in a window: each has 512 GiB of its own, congruent with every leaf. */
static inline uint64_t twin_window_gva(uint32_t window, uint64_t gpa)
{
	return WINDOW_GVA + window * 512 * PAGE_1G + gpa % PAGE_1G;
}

/* The entries of each block, for the windows whose bits are set, at least one: into entries[TWIN_ENTRIES]. How many. */
static inline uint32_t twin_entries(uint32_t windows, uint32_t *entries)
{
	uint32_t count = 0;

	for (uint32_t window = 0; window < TWIN_WINDOWS; window++) {
		if ((windows >> window & 1) != 0)
			entries[count++] = window;
	}
	entries[count++] = TWIN_PACKED;
	entries[count++] = TWIN_AGAIN;
	return count;
}

/* The last of them: the largest leaves of both dimensions that there are. */
static inline uint32_t twin_largest(uint32_t windows)
{
	uint32_t largest = 0;

	for (uint32_t window = 0; window < TWIN_WINDOWS; window++) {
		if ((windows >> window & 1) != 0)
			largest = window;
	}
	return largest;
}

/* Shuffle the `count` entries of a block, as twin_entries() made them, into the order in which it takes them. */
static inline void twin_shuffle(uint64_t seed, uint64_t block, uint32_t *entries, uint32_t count)
{
	uint64_t state = random_mix(seed + (block + 1) * RANDOM_GAMMA);

	for (uint32_t left = count; left > 1; left--) {
		uint32_t pick = (uint32_t)random_below(&state, left);
		uint32_t swap = entries[pick];

		entries[pick] = entries[left - 1];
		entries[left - 1] = swap;
	}
}

/* Blocks of so many entries for so many samples asked: no more samples than a result has room for. */
static inline uint32_t twin_blocks(uint32_t repeat, uint32_t entry_count, uint32_t most_samples)
{
	uint64_t blocks = (uint64_t)repeat * TWIN_BLOCKS_A_REPEAT;

	return (uint32_t)min_u64(blocks, most_samples / entry_count);
}

/*
 * Bytes that a working set takes of the slice beside itself: its lines packed, and the page tables of all windows. More
 * than enough for each: a page table for each 2 MiB, and one for where a piece begins inside of one.
 */
static inline uint64_t twin_packed_bytes(uint64_t set_bytes)
{
	return align_up(set_bytes / PAGE_4K * CACHE_LINE_BYTES, PAGE_4K);
}

static inline uint64_t twin_tables_bytes(uint64_t set_bytes)
{
	uint64_t bytes = set_bytes + twin_packed_bytes(set_bytes);
	uint64_t directories = 1 + bytes / PAGE_1G + 2;
	uint64_t page_tables = bytes / PAGE_2M + 2;

	/* Of each host leaf a window with leaves of 1G, of 2M, of 4K; and the PML4. */
	return PAGE_4K * (1 + TWIN_LEAVES * (1 + 2 * directories + page_tables));
}

static inline uint64_t twin_extra_bytes(uint64_t set_bytes)
{
	return twin_packed_bytes(set_bytes) + twin_tables_bytes(set_bytes);
}

#endif
