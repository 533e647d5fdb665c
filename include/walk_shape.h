/*
 * Where the loads of a walk at computed addresses go, and in which order: what the workloads load and what the VMM
 * simulates is the same arithmetic. Pure.
 */
#ifndef MINIVMM_WALK_SHAPE_H
#define MINIVMM_WALK_SHAPE_H

#include <stdint.h>

#include "lines.h"
#include "permute.h"
#include "units.h"

/* Entries of one page table, and so what `spread` counts to. */
#define WALK_SPREAD_ENTRIES 512

/* For line_bytes: all lines follow each other, no step between them. */
#define WALK_LINES_PACKED (UINT64_C(1) << 63)

/* Loads in a row of the timed loop; the table is a multiple of it. */
#define WALK_UNROLL 4

/*
 * The order is repeated until the table has so many entries: going back to its start is a branch that is not
 * foreseen, and is then lost in hundreds of loads. More would push data out of an L1 cache, which holds 8 times this.
 */
#define WALK_ENTRIES_LEAST 512

struct walk_shape {
	uint64_t base_gva;
	uint64_t stride_bytes;
	uint64_t spread_bytes; /* added so many times: i modulo 512 */
	uint64_t line_bytes; /* the lines lie anywhere in the first so many bytes of a step; a power of two */
	/* 0, or only so many pages, in turns: each for as many loads as line_bytes has lines, in another order each time */
	uint64_t pages;
};

/*
 * Offset of line i from the base, where each line has a page. Inside a page the lines are as even over the sets of a
 * cache as those of chase; where a step has more room, they follow each other as if they were packed.
 */
static inline uint64_t walk_offset_bytes(const struct walk_shape *shape, uint64_t i)
{
	uint64_t line_bytes = shape->line_bytes <= PAGE_4K ? line_in_page_bytes(i) : i * CACHE_LINE_BYTES;

	return i * shape->stride_bytes + i % WALK_SPREAD_ENTRIES * shape->spread_bytes +
	       (line_bytes & (shape->line_bytes - 1));
}

/* A few pages in turns: turn k is one of the lines of page number k / lines. */
static inline uint64_t walk_offset_of_few(const struct walk_shape *shape, uint64_t seed, uint64_t turn)
{
	uint64_t lines = shape->line_bytes / CACHE_LINE_BYTES;
	struct permutation p = permutation_of(lines, seed + turn / lines);

	return turn / lines % shape->pages * shape->stride_bytes +
	       permutation_at(&p, turn % lines) * CACHE_LINE_BYTES;
}

/* Offset from the base of load number `turn`, below the n of *p, which is permutation_of(lines, seed). */
static inline uint64_t walk_offset_of_turn(const struct walk_shape *shape, uint64_t seed,
					   const struct permutation *p, uint64_t turn)
{
	return shape->pages != 0 ? walk_offset_of_few(shape, seed, turn)
				 : walk_offset_bytes(shape, permutation_at(p, turn));
}

/* Entries of the table of so many lines, 1 to 2^48: a whole number of orders, and a multiple of WALK_UNROLL. */
static inline uint64_t walk_table_entries(uint64_t lines)
{
	uint64_t orders = lines < WALK_ENTRIES_LEAST ? (WALK_ENTRIES_LEAST + lines - 1) / lines : 1;

	return lines * (lines % WALK_UNROLL == 0 ? orders : align_up(orders, WALK_UNROLL));
}

#endif
