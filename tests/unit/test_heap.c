/*
 * The allocator of the malloc workload gives each block to one owner only, and gets all of them back as one. It could
 * break by a split or a merge that loses the boundary between two blocks, by a list that keeps a block that is in use,
 * or by a walk that calls a damaged heap whole: the workload's own proof rests on that walk.
 */

#include "test.h"
#include "guest/workloads/heap.h"
#include "include/random.h"
#include "units.h"

#define MEMORY_BYTES (256 * KIB)
#define MOST_OWNERS 512

struct owner {
	unsigned char *memory;
	uint64_t bytes;
	uint64_t tag;
};

struct world {
	struct heap heap;
	unsigned char *memory;
	struct owner owners[MOST_OWNERS];
	uint32_t owner_count;
	uint32_t walked;
};

static struct world *make_world(uint64_t bytes)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->memory = malloc(bytes);
	assert_non_null(w->memory);
	assert_int_equal(heap_start(&w->heap, w->memory, bytes), 0);
	return w;
}

static void free_world(struct world *w)
{
	free(w->memory);
	free(w);
}

static int count_block(void *argument, void *memory)
{
	struct world *w = argument;

	(void)memory;
	w->walked++;
	return 0;
}

static uint64_t walk(struct world *w)
{
	uint64_t free_blocks = UINT64_MAX;

	w->walked = 0;
	if (heap_walk(&w->heap, count_block, w, &free_blocks) != 0)
		return UINT64_MAX;
	return free_blocks;
}

/* Every byte of a block belongs to its owner: it holds what he wrote when others have come and gone. */
static bool owns(const struct owner *o)
{
	for (uint64_t i = 0; i < o->bytes; i++) {
		if (o->memory[i] != (unsigned char)o->tag)
			return false;
	}
	return heap_tag(o->memory) == o->tag && heap_usable_bytes(o->memory) >= o->bytes;
}

static bool take(struct world *w, uint64_t bytes, uint64_t tag)
{
	struct owner *o = &w->owners[w->owner_count];

	o->memory = heap_alloc(&w->heap, bytes, tag);
	if (o->memory == NULL)
		return false;
	o->bytes = bytes;
	o->tag = tag;
	assert_int_equal((uintptr_t)o->memory % HEAP_UNIT, 0);
	assert_true(o->memory >= w->memory && o->memory + bytes <= w->memory + MEMORY_BYTES);
	memset(o->memory, (unsigned char)tag, bytes);
	w->owner_count++;
	return true;
}

static void give(struct world *w, uint32_t which)
{
	assert_true(owns(&w->owners[which]));
	heap_give(&w->heap, w->owners[which].memory);
	w->owners[which] = w->owners[--w->owner_count];
}

TEST(owners_keep_their_bytes)
{
	uint64_t rng = 7, tag = 0, full = 0;
	struct world *w = make_world(MEMORY_BYTES);

	LOOP (int, turn, 0, turn < 20000, turn++) {
		uint64_t bytes = random_below(&rng, UINT64_C(1) << random_below(&rng, 15)) + 1;

		if (w->owner_count < MOST_OWNERS && random_below(&rng, 100) < 55) {
			full += !take(w, bytes, ++tag);
		} else if (w->owner_count > 0) {
			give(w, (uint32_t)random_below(&rng, w->owner_count));
		}
		if (turn % 64 == 0) {
			assert_true(walk(w) != UINT64_MAX);
			assert_int_equal(w->walked, w->owner_count);
		}
	}
	/* The heap has been full as well. */
	assert_true(full > 0 && tag > 5000);
	while (w->owner_count > 0)
		give(w, (uint32_t)random_below(&rng, w->owner_count));
	assert_int_equal(walk(w), 1);
	assert_int_equal(w->walked, 0);
	free_world(w);
}

/* Runs of free memory among three blocks and the rest behind them, which is free. */
static uint64_t free_runs(const bool given[4])
{
	uint64_t runs = 0;

	for (int b = 0; b < 4; b++)
		runs += given[b] && (b == 0 || !given[b - 1]);
	return runs;
}

/* In whatever order three neighbours are given back, they become one with what is free beside them, and at once. */
TEST(neighbours_become_one)
{
	static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
					  { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };

	LOOP (int, i, 0, i < 6, i++) {
		struct world *w = make_world(MEMORY_BYTES);
		bool given[4] = { false, false, false, true };
		void *blocks[3];

		for (int b = 0; b < 3; b++)
			blocks[b] = heap_alloc(&w->heap, 1000, 0);
		LOOP (int, b, 0, b < 3, b++) {
			heap_give(&w->heap, blocks[orders[i][b]]);
			given[orders[i][b]] = true;
			assert_int_equal(walk(w), free_runs(given));
		}
		free_world(w);
	}
}

/* Full to the last block that fits, and empty again: nothing is lost, and the whole is one block once more. */
TEST(full_and_empty)
{
	struct world *w = make_world(MEMORY_BYTES);

	LOOP (int, round, 0, round < 3, round++) {
		while (w->owner_count < MOST_OWNERS && take(w, 3000, w->owner_count))
			;
		assert_int_equal(w->owner_count,
				 MEMORY_BYTES / align_up(3000 + sizeof(struct heap_block), HEAP_UNIT));
		assert_int_equal(walk(w) <= 1, 1);
		while (w->owner_count > 0)
			give(w, w->owner_count / 2);
		assert_int_equal(walk(w), 1);
	}
	free_world(w);
}

/* Any word of any head, changed, makes the walk refuse: it is the proof that the workload gives. */
TEST(walk_notices_damage)
{
	struct world *w = make_world(MEMORY_BYTES);
	uint64_t found = 0;

	LOOP (uint64_t, i, 0, i < 8, i++)
		assert_true(take(w, 200 + 100 * i, i));
	give(w, 1);
	give(w, 4);
	LOOP (uint64_t, at, w->heap.first, at < w->heap.end,
	      at += ((struct heap_block *)(uintptr_t)at)->bytes & ~15) {
		uint64_t *head = (uint64_t *)(uintptr_t)at;

		/* The two states, and a size too small, too large by little, by much. */
		LOOP (uint64_t, bit, 1, bit != 0, bit <<= 1) {
			if (bit == 4 || bit == 8)
				continue;
			*head ^= bit;
			assert_int_equal(walk(w), UINT64_MAX);
			*head ^= bit;
			found++;
		}
	}
	assert_true(found > 9 * 60 && walk(w) != UINT64_MAX);
	w->heap.filled[0] ^= 1;
	assert_int_equal(walk(w), UINT64_MAX);
	free_world(w);
}

TEST(impossible_sizes_are_refused)
{
	struct world *w = make_world(MEMORY_BYTES);
	struct heap heap;

	assert_null(heap_alloc(&w->heap, MEMORY_BYTES, 0));
	assert_null(heap_alloc(&w->heap, UINT64_MAX, 0));
	assert_null(heap_alloc(&w->heap, (UINT64_C(1) << 47) + 1, 0));
	assert_null(heap_alloc(&w->heap, UINT64_C(1) << 47, 0));
	assert_non_null(heap_alloc(&w->heap, 0, 0));
	assert_int_equal(heap_start(&heap, w->memory, 0), -1);
	assert_int_equal(heap_start(&heap, w->memory, 47), -1);
	assert_int_equal(heap_start(&heap, w->memory, UINT64_MAX), -1);
	assert_int_equal(heap_start(&heap, w->memory, UINT64_C(1) << 48), -1);
	free_world(w);
}
