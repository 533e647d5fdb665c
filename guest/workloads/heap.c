#include "heap.h"

#include <stddef.h>

#include "units.h"

/* States in the low bits of heap_block.bytes. */
#define USED UINT64_C(1)
#define PREVIOUS_USED UINT64_C(2)
#define STATES (HEAP_UNIT - 1)

/* A free block; its last word repeats its size. */
struct free_block {
	uint64_t bytes;
	uint64_t unused;
	uint64_t next, previous; /* addresses in its list, 0: none */
};

/* The smallest block holds those four words and the size at its end. */
#define LEAST_BYTES align_up(sizeof(struct free_block) + sizeof(uint64_t), HEAP_UNIT)
#define MOST_BYTES (UINT64_C(1) << 47)

_Static_assert(sizeof(struct free_block) == HEAP_FREE_HEAD_BYTES, "who counts pages knows it");

#define FILLED_WORDS (sizeof(((struct heap *)NULL)->filled) / sizeof(uint64_t))

static struct heap_block *block_at(uint64_t address)
{
	return (struct heap_block *)(uintptr_t)address;
}

static struct free_block *free_at(uint64_t address)
{
	return (struct free_block *)(uintptr_t)address;
}

static uint64_t size_of(uint64_t address)
{
	return block_at(address)->bytes & ~STATES;
}

static uint64_t *last_word(uint64_t address)
{
	return (uint64_t *)(uintptr_t)(address + size_of(address) - sizeof(uint64_t));
}

static uint64_t head_of(const void *memory)
{
	return (uint64_t)(uintptr_t)memory - sizeof(struct heap_block);
}

/* The list that a block of so many bytes belongs into: power of two, then the two bits below the leading one. */
static uint32_t list_of(uint64_t bytes)
{
	uint32_t power = 63 - (uint32_t)__builtin_clzll(bytes);

	return (power - 4) * HEAP_LISTS_A_POWER + (uint32_t)(bytes >> (power - 2) & (HEAP_LISTS_A_POWER - 1));
}

/* The first list in which every block has so many bytes: round up to where the next list begins. */
static uint32_t list_enough(uint64_t bytes)
{
	uint32_t power = 63 - (uint32_t)__builtin_clzll(bytes);

	return list_of(bytes + (UINT64_C(1) << (power - 2)) - 1);
}

static void list_add(struct heap *heap, uint64_t address)
{
	uint32_t list = list_of(size_of(address));
	struct free_block *block = free_at(address);

	*last_word(address) = size_of(address);
	block->previous = 0;
	block->next = heap->lists[list];
	if (block->next != 0)
		free_at(block->next)->previous = address;
	heap->lists[list] = address;
	heap->filled[list / 64] |= UINT64_C(1) << list % 64;
}

static void list_remove(struct heap *heap, uint64_t address)
{
	uint32_t list = list_of(size_of(address));
	const struct free_block *block = free_at(address);

	if (block->next != 0)
		free_at(block->next)->previous = block->previous;
	if (block->previous != 0)
		free_at(block->previous)->next = block->next;
	else
		heap->lists[list] = block->next;
	if (heap->lists[list] == 0)
		heap->filled[list / 64] &= ~(UINT64_C(1) << list % 64);
}

/* The first list from `list` on that has a block; HEAP_LISTS where none has. */
static uint32_t list_filled(const struct heap *heap, uint32_t list)
{
	for (uint32_t word = list / 64; word < FILLED_WORDS; word++) {
		uint64_t bits = heap->filled[word];

		if (word == list / 64)
			bits &= ~UINT64_C(0) << list % 64;
		if (bits != 0)
			return word * 64 + (uint32_t)__builtin_ctzll(bits);
	}
	return HEAP_LISTS;
}

/* What the block behind has to know of this one; behind the last there is none. */
static void tell_next(const struct heap *heap, uint64_t address, bool used)
{
	uint64_t next = address + size_of(address);

	if (next == heap->end)
		return;
	if (used)
		block_at(next)->bytes |= PREVIOUS_USED;
	else
		block_at(next)->bytes &= ~PREVIOUS_USED;
}

int heap_start(struct heap *heap, void *memory, uint64_t bytes)
{
	uint64_t start = (uint64_t)(uintptr_t)memory, end;

	*heap = (struct heap){ 0 };
	if (!checked_add(start, bytes, &end))
		return -1;
	heap->first = align_up(start, HEAP_UNIT);
	heap->end = align_down(end, HEAP_UNIT);
	if (heap->end < heap->first || heap->end - heap->first < LEAST_BYTES ||
	    heap->end - heap->first > MOST_BYTES)
		return -1;
	/* Nothing lies before the first block that it could be joined with. */
	block_at(heap->first)->bytes = (heap->end - heap->first) | PREVIOUS_USED;
	list_add(heap, heap->first);
	return 0;
}

void *heap_alloc(struct heap *heap, uint64_t bytes, uint64_t tag)
{
	uint64_t address, rest;
	uint32_t list;

	if (bytes > MOST_BYTES)
		return NULL;
	bytes = max_u64(align_up(bytes + sizeof(struct heap_block), HEAP_UNIT), LEAST_BYTES);
	list = list_filled(heap, list_enough(bytes));
	if (list == HEAP_LISTS)
		return NULL;
	address = heap->lists[list];
	list_remove(heap, address);
	rest = size_of(address) - bytes;
	if (rest >= LEAST_BYTES) {
		block_at(address)->bytes -= rest;
		block_at(address + bytes)->bytes = rest;
		list_add(heap, address + bytes);
	}
	block_at(address)->bytes |= USED;
	block_at(address)->tag = tag;
	tell_next(heap, address, true);
	return (void *)(uintptr_t)(address + sizeof(struct heap_block));
}

void heap_give(struct heap *heap, void *memory)
{
	uint64_t address = head_of(memory), next = address + size_of(address);

	if (next != heap->end && (block_at(next)->bytes & USED) == 0) {
		list_remove(heap, next);
		block_at(address)->bytes += size_of(next);
	}
	if ((block_at(address)->bytes & PREVIOUS_USED) == 0) {
		uint64_t previous = address - *(const uint64_t *)(uintptr_t)(address - sizeof(uint64_t));

		list_remove(heap, previous);
		block_at(previous)->bytes += size_of(address);
		address = previous;
	}
	block_at(address)->bytes &= ~USED;
	list_add(heap, address);
	tell_next(heap, address, false);
}

uint64_t heap_tag(const void *memory)
{
	return block_at(head_of(memory))->tag;
}

uint64_t heap_usable_bytes(const void *memory)
{
	return size_of(head_of(memory)) - sizeof(struct heap_block);
}

/* Can a block of that list lie there? Nothing is believed of what is only reached by a link. */
static bool fits_list(const struct heap *heap, uint64_t address, uint32_t list)
{
	return address >= heap->first && address <= heap->end - LEAST_BYTES &&
	       is_aligned(address, HEAP_UNIT) && size_of(address) >= LEAST_BYTES &&
	       list_of(size_of(address)) == list;
}

/* Blocks in all lists, or UINT64_MAX where a link back is not the way that was come, or a block is in a wrong list. */
static uint64_t count_listed(const struct heap *heap)
{
	uint64_t count = 0;

	for (uint32_t list = 0; list < HEAP_LISTS; list++) {
		uint64_t previous = 0;

		if ((heap->lists[list] != 0) != ((heap->filled[list / 64] >> list % 64 & 1) != 0))
			return UINT64_MAX;
		for (uint64_t at = heap->lists[list]; at != 0; at = free_at(at)->next) {
			if (!fits_list(heap, at, list) || free_at(at)->previous != previous)
				return UINT64_MAX;
			previous = at;
			count++;
		}
	}
	return count;
}

int heap_walk(const struct heap *heap, int (*used)(void *argument, void *memory), void *argument,
	      uint64_t *free_blocks)
{
	uint64_t previous_used = PREVIOUS_USED, free_count = 0;
	uint64_t at = heap->first;

	while (at < heap->end) {
		uint64_t head = block_at(at)->bytes, bytes = head & ~STATES;

		if (bytes < LEAST_BYTES || bytes > heap->end - at || (head & PREVIOUS_USED) != previous_used)
			return -1;
		if ((head & USED) != 0) {
			if (used(argument, (void *)(uintptr_t)(at + sizeof(struct heap_block))) != 0)
				return -1;
		} else if (previous_used == 0 || *last_word(at) != bytes) {
			return -1;
		} else {
			free_count++;
		}
		previous_used = (head & USED) != 0 ? PREVIOUS_USED : 0;
		at += bytes;
	}
	*free_blocks = free_count;
	return count_listed(heap) == free_count ? 0 : -1;
}
