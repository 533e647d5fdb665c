/*
 * A small allocator in a piece of memory, its own records included: what malloc does, without a C library.
 *
 * Free blocks are kept in lists by size, four to each power of two, and a request takes the first block of the first
 * list in which every block is large enough: no search. Neighbours that are free become one at once. Sizes lie at both
 * ends of a free block, so that its neighbour finds it (boundary tags: Knuth, The Art of Computer Programming, 2.5).
 */
#ifndef MINIVMM_WORKLOADS_HEAP_H
#define MINIVMM_WORKLOADS_HEAP_H

#include <stdint.h>

#define HEAP_UNIT UINT64_C(16)
#define HEAP_LISTS_A_POWER 4
/* Powers of two from HEAP_UNIT to 2^47 bytes. */
#define HEAP_POWERS 44
#define HEAP_LISTS (HEAP_POWERS * HEAP_LISTS_A_POWER)

/* The head of a block; what is allocated follows it. */
struct heap_block {
	uint64_t bytes; /* of the whole block, a multiple of HEAP_UNIT; bits below tell the HEAP_* states */
	uint64_t tag;   /* while in use: the owner's */
};

/* At the start of a free block. */
#define HEAP_FREE_HEAD_BYTES 32

struct heap {
	uint64_t first; /* addresses of the first block and behind the last */
	uint64_t end;
	uint64_t filled[(HEAP_LISTS + 63) / 64]; /* a bit for each list that has a block */
	uint64_t lists[HEAP_LISTS];              /* address of the first block, 0: none */
};

/* One free block in [memory, memory + bytes), as far as it is aligned; 0, or -1 where there is no room for any. */
int heap_start(struct heap *heap, void *memory, uint64_t bytes);

/* At least `bytes`, aligned to HEAP_UNIT, with that tag in its head; NULL where no free block is surely large enough. */
void *heap_alloc(struct heap *heap, uint64_t bytes, uint64_t tag);

/* Back to the heap what heap_alloc gave. */
void heap_give(struct heap *heap, void *memory);

/* The tag of what heap_alloc gave, and how many bytes of it may be used. */
uint64_t heap_tag(const void *memory);
uint64_t heap_usable_bytes(const void *memory);

/*
 * Walk all blocks from first to last: do they fill the heap exactly, is every boundary told alike from both sides, are
 * no two free neighbours left apart, is each free block in a list? Calls used(argument, memory) for each block in use;
 * that it does not return 0, or any of the others is not so, is -1. 0: whole, and *free_blocks of them are free.
 */
int heap_walk(const struct heap *heap, int (*used)(void *argument, void *memory), void *argument,
	      uint64_t *free_blocks);

#endif
