/*
 * malloc: blocks of all sizes allocated, used and given back in the order they came, as a long-running program does:
 * what such a program pays for memory that is not there yet, and for a working set that moves.
 *
 * The allocator is a real one (heap.h), because its records are part of what such a program touches. It lies in the
 * working set with all it needs.
 */
#include <stddef.h>

#include "heap.h"
#include "random.h"
#include "refuse.h"
#include "timing.h"
#include "units.h"
#include "workload.h"

/* Sizes from 2^8 bytes to below 2^18, each power of two equally likely; in small sets to a sixteenth of it. */
#define POWER_LEAST 8
#define POWER_END 18
#define SET_PARTS 16

/* A sample's own choice: all live blocks replaced twice, and not less than so many. */
#define OPERATIONS_LEAST 1024

struct store {
	struct heap heap;
	uint64_t capacity; /* live blocks that are kept */
	uint64_t oldest, live;
	uint64_t blocks[]; /* addresses: live ones from number `oldest` on, around the end */
};

enum own {
	OWN_POWER_END, /* sizes are below 2^this */
	OWN_SERIAL,    /* of the next block; what it holds depends on it */
	OWN_STRANGE,   /* or of all differences between what blocks held and what they had to hold */
	OWN_REACHED,   /* the highest address behind a block so far */
	OWN_EMPTY,     /* 1: a block was not to be had although nothing was live */
};

static struct store *store_of(const struct workload_ctx *ctx)
{
	return (struct store *)(void *)ctx->slice;
}

/* Half of the working set is live on average: mean size 1.5 times the mean of the powers of two. */
static uint64_t capacity_of(uint64_t set_bytes, uint32_t power_end)
{
	uint64_t powers = (UINT64_C(1) << power_end) - (UINT64_C(1) << POWER_LEAST);

	return set_bytes / 2 / (powers * 3 / 2 / (power_end - POWER_LEAST));
}

static int start_store(struct workload_ctx *ctx)
{
	struct store *store = store_of(ctx);
	uint64_t head_bytes;

	store->capacity = capacity_of(ctx->working_set_bytes, (uint32_t)ctx->own[OWN_POWER_END]);
	store->oldest = 0;
	store->live = 0;
	head_bytes = sizeof(*store) + store->capacity * sizeof(store->blocks[0]);
	if (head_bytes >= ctx->working_set_bytes ||
	    heap_start(&store->heap, ctx->slice + head_bytes, ctx->working_set_bytes - head_bytes) != 0)
		return refuse(ctx, "the working set has no room for an allocator");
	return 0;
}

/* The page of the byte before `end`. */
static uint64_t last_page(const struct workload_ctx *ctx, uint64_t end)
{
	return (end - 1 - (uint64_t)(uintptr_t)ctx->slice) / PAGE_4K;
}

/* So far: the list of blocks as far as it was filled, blocks and the head of the free one behind them, the heap's last word. */
static uint64_t touched_pages(const struct workload_ctx *ctx, const struct store *store)
{
	uint64_t listed = min_u64(ctx->own[OWN_SERIAL], store->capacity);
	uint64_t reached = min_u64(ctx->own[OWN_REACHED] + HEAP_FREE_HEAD_BYTES, store->heap.end);
	uint64_t last_listed = last_page(ctx, (uint64_t)(uintptr_t)&store->blocks[listed]);
	uint64_t first = last_page(ctx, store->heap.first + 1), last = last_page(ctx, reached);

	return last_listed + 1 + last - first + (first != last_listed) +
	       (last != last_page(ctx, store->heap.end));
}

static uint64_t next_size(uint64_t *state, uint32_t power_end)
{
	uint64_t power_bytes = UINT64_C(1) << (POWER_LEAST + random_below(state, power_end - POWER_LEAST));

	return power_bytes + random_below(state, power_bytes);
}

static int malloc_prepare(struct workload_ctx *ctx)
{
	uint32_t power_end = POWER_END;
	uint64_t state = ctx->seed;

	if (ctx->working_set_bytes < 2 * PAGE_4K)
		return refuse(ctx, "the working set is smaller than two pages");
	while (UINT64_C(1) << power_end > ctx->working_set_bytes / SET_PARTS)
		power_end--;
	ctx->own[OWN_POWER_END] = power_end;
	if (start_store(ctx) != 0)
		return -1;
	if (ctx->accesses == 0)
		ctx->accesses = max_u64(2 * store_of(ctx)->capacity, OPERATIONS_LEAST);
	/* Serial numbers of all samples stay countable. */
	if (ctx->accesses > UINT64_C(1) << 48)
		return refuse(ctx, "the number of accesses a sample is too large");
	ctx->own[OWN_REACHED] = store_of(ctx)->heap.first;
	ctx->untimed_pages = touched_pages(ctx, store_of(ctx));
	ctx->pages = ctx->working_set_bytes / PAGE_4K;
	ctx->pass_accesses = store_of(ctx)->capacity;
	ctx->rng = ctx->seed;
	ctx->checksum = random_mix(ctx->working_set_bytes ^ random_mix(ctx->accesses));
	for (uint32_t i = 0; i < OPERATIONS_LEAST; i++)
		ctx->checksum = random_mix(ctx->checksum ^ next_size(&state, power_end));
	return 0;
}

/* The word that block number `serial` holds at `offset`. */
static inline uint64_t canary(uint64_t serial, uint64_t offset_bytes)
{
	return (serial + 1) * RANDOM_GAMMA ^ offset_bytes;
}

static volatile uint64_t *word_in(void *block, uint64_t offset_bytes)
{
	return (volatile uint64_t *)(void *)((unsigned char *)block + offset_bytes);
}

static uint64_t last_offset_bytes(const void *block)
{
	return heap_usable_bytes(block) - sizeof(uint64_t);
}

/* One word in each page's worth of the block, and its last. */
static void fill(void *block, uint64_t serial)
{
	uint64_t last = last_offset_bytes(block);

	for (uint64_t at = 0; at < last; at += PAGE_4K)
		*word_in(block, at) = canary(serial, at);
	*word_in(block, last) = canary(serial, last);
}

static void give_oldest(struct workload_ctx *ctx, struct store *store)
{
	void *block = (void *)(uintptr_t)store->blocks[store->oldest];
	uint64_t serial = heap_tag(block), last = last_offset_bytes(block);

	ctx->own[OWN_STRANGE] |= *word_in(block, 0) ^ canary(serial, 0);
	ctx->own[OWN_STRANGE] |= *word_in(block, last) ^ canary(serial, last);
	heap_give(&store->heap, block);
	if (++store->oldest == store->capacity)
		store->oldest = 0;
	store->live--;
}

/* Where fragments leave no room for the block, older blocks go first, as many as it takes. */
static void operate(struct workload_ctx *ctx, uint64_t count)
{
	struct store *store = store_of(ctx);

	for (; count > 0; count--) {
		uint64_t bytes = next_size(&ctx->rng, (uint32_t)ctx->own[OWN_POWER_END]);
		uint64_t serial = ctx->own[OWN_SERIAL]++, slot;
		void *block = heap_alloc(&store->heap, bytes, serial);

		while (block == NULL && store->live > 0) {
			give_oldest(ctx, store);
			block = heap_alloc(&store->heap, bytes, serial);
		}
		if (block == NULL) {
			ctx->own[OWN_EMPTY] = 1;
			return;
		}
		fill(block, serial);
		ctx->own[OWN_REACHED] =
			max_u64(ctx->own[OWN_REACHED], (uint64_t)(uintptr_t)block + heap_usable_bytes(block));
		if (store->live == store->capacity)
			give_oldest(ctx, store);
		slot = store->oldest + store->live++;
		store->blocks[slot < store->capacity ? slot : slot - store->capacity] =
			(uint64_t)(uintptr_t)block;
	}
}

static uint64_t malloc_sample(struct workload_ctx *ctx)
{
	uint64_t start_cycles = tsc_read(), cycles;

	operate(ctx, ctx->accesses);
	cycles = tsc_read() - start_cycles;
	ctx->touched_pages = touched_pages(ctx, store_of(ctx));
	return cycles;
}

/* A block in use: is it one of the live ones, and does it hold what was written to it? Live ones have serials in a row. */
struct visit {
	const struct store *store;
	uint64_t first_serial, seen;
};

static int visit_block(void *argument, void *block)
{
	struct visit *v = argument;
	uint64_t serial = heap_tag(block), age = serial - v->first_serial, last = last_offset_bytes(block);
	uint64_t slot = v->store->oldest + age;

	if (age >= v->store->live)
		return -1;
	slot = slot < v->store->capacity ? slot : slot - v->store->capacity;
	if (v->store->blocks[slot] != (uint64_t)(uintptr_t)block ||
	    *word_in(block, last) != canary(serial, last))
		return -1;
	for (uint64_t at = 0; at < last; at += PAGE_4K) {
		if (*word_in(block, at) != canary(serial, at))
			return -1;
	}
	v->seen++;
	return 0;
}

/* Blocks cannot overlap where they fill the heap exactly one behind the other and each live one is among them. */
static int malloc_verify(struct workload_ctx *ctx)
{
	const struct store *store = store_of(ctx);
	struct visit v = { .store = store, .first_serial = ctx->own[OWN_SERIAL] - store->live };
	uint64_t free_blocks;

	if (heap_walk(&store->heap, visit_block, &v, &free_blocks) != 0 || v.seen != store->live)
		return refuse(
			ctx,
			"the allocated blocks are damaged, lost, or do not fill the heap with the free ones");
	if (store->live == 0 && free_blocks != 1)
		return refuse(ctx, "all blocks are free, but do not make one whole block");
	return 0;
}

/* All live blocks are looked at, given back, and what is left is as at the start. */
static int malloc_check(struct workload_ctx *ctx)
{
	struct store *store = store_of(ctx);

	if (ctx->own[OWN_EMPTY] != 0)
		return refuse(ctx, "an empty heap had no room for a block");
	if (malloc_verify(ctx) != 0)
		return -1;
	while (store->live > 0)
		give_oldest(ctx, store);
	if (ctx->own[OWN_STRANGE] != 0)
		return refuse(ctx, "a block did not hold what was written to it");
	return malloc_verify(ctx);
}

/* The steady state: every page of the set is there, and as many blocks are live as are kept. */
static int settle(struct workload_ctx *ctx)
{
	for (uint64_t at = 0; at < ctx->working_set_bytes; at += PAGE_4K) {
		volatile uint64_t *word = word_in(ctx->slice, at);
		uint64_t held = *word;

		*word = held;
	}
	operate(ctx, store_of(ctx)->capacity);
	return 0;
}

const struct workload_ops workload_malloc = {
	.prepare = malloc_prepare,
	.verify = malloc_verify,
	.check = malloc_check,
	.parts = 2,
	.part = {
		{ .variant = VARIANT_FIRST, .max_samples = 1, .may_exit = 1, .sample = malloc_sample },
		{ .variant = VARIANT_SECOND, .setup = settle, .sample = malloc_sample },
	},
};
