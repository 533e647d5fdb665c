/*
 * Where the one touched line of each page lies, and how such lines map back to their number.
 *
 * With the same offset in every page all lines would share one set of the L1 cache, and a "translation cost"
 * would appear that is none. Page i uses the line that is the exclusive or of all 6-bit digits of i: whatever
 * six consecutive bits of i vary, the line takes each of its 64 values once. So the lines are exactly even over
 * the sets of every cache whose number of sets is a power of two.
 */
#ifndef MINIVMM_LINES_H
#define MINIVMM_LINES_H

#include <stdint.h>

#include "units.h"

#define LINES_NONE UINT64_MAX

/* Byte offset inside page `page` (a number, counted from the slice's start) of its line. */
static inline uint64_t line_in_page_bytes(uint64_t page)
{
	uint64_t folded = page ^ page >> 24 ^ page >> 48;

	folded ^= folded >> 12;
	folded ^= folded >> 6;
	return (folded & 63) * CACHE_LINE_BYTES;
}

/* Byte offset in the slice of the line of page `page`. */
static inline uint64_t line_of_page_bytes(uint64_t page)
{
	return page * PAGE_4K + line_in_page_bytes(page);
}

#endif
