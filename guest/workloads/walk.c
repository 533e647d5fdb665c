#include "walk.h"

#include "accesses.h"
#include "random.h"
#include "refuse.h"
#include "timing.h"

/* Beyond that a table would not be memory but a sum that overflows. */
#define LINES_MOST (UINT64_C(1) << 48)

uint64_t walk_table_bytes(uint64_t lines)
{
	return align_up(walk_table_entries(lines) * sizeof(uint64_t), PAGE_4K);
}

int walk_prepare(struct workload_ctx *ctx, const struct walk_shape *shape, unsigned char *table,
		 uint64_t least_accesses)
{
	struct permutation p = permutation_of(ctx->lines, ctx->seed);
	uint64_t *offset_bytes = (uint64_t *)(void *)table;
	struct walk *w = walk_of(ctx);
	uint64_t entries = walk_table_entries(ctx->lines);

	if (accesses_choose(ctx, least_accesses, WALK_UNROLL) != 0)
		return -1;
	ctx->pages = ctx->lines;
	ctx->pass_accesses = ctx->lines;
	ctx->cursor = 0;
	ctx->rng = 0;
	w->shape = *shape;
	w->table_gva = (uint64_t)(uintptr_t)table;
	w->visited = 0;
	for (uint64_t i = 0; i < entries; i++)
		offset_bytes[i] = walk_offset_of_turn(shape, ctx->seed, &p, i % ctx->lines);
	return 0;
}

int walk_prepare_slice(struct workload_ctx *ctx, const struct walk_shape *shape, uint64_t least_accesses)
{
	uint64_t distinct_bytes = ctx->alias_bytes != 0 ? ctx->alias_bytes : ctx->slice_bytes;
	uint64_t table_bytes, end_bytes;

	if (ctx->lines == 0 || ctx->lines > LINES_MOST)
		return refuse(ctx, "the working set is empty, or larger than any memory");
	table_bytes = walk_table_bytes(ctx->lines);
	if (table_bytes > distinct_bytes || distinct_bytes > ctx->slice_bytes)
		return refuse(ctx, "the order of the loads does not fit this vCPU's part of the arena");
	if (!checked_mul(ctx->lines - 1, shape->stride_bytes, &end_bytes) || end_bytes >= ctx->slice_bytes ||
	    walk_offset_bytes(shape, ctx->lines - 1) >= ctx->slice_bytes)
		return refuse(ctx, "that many lines at this stride do not fit this vCPU's part of the arena");
	for (uint64_t i = 0; i < ctx->lines; i++) {
		uint64_t offset_bytes = walk_offset_bytes(shape, i);

		if (offset_bytes % distinct_bytes < distinct_bytes - table_bytes)
			*(volatile uint64_t *)(void *)(ctx->slice + offset_bytes) = 0;
	}
	if (walk_prepare(ctx, shape, ctx->slice + ctx->slice_bytes - table_bytes, least_accesses) != 0)
		return -1;
	/* An alias of the table was not written, but it has translations to be filled as well; now that memory is there. */
	for (uint64_t i = 0; i < ctx->lines; i++)
		(void)*(volatile uint64_t *)(void *)(ctx->slice + walk_offset_bytes(shape, i));
	return 0;
}

static const uint64_t *table_of(const struct walk *w)
{
	return (const uint64_t *)(uintptr_t)w->table_gva;
}

unsigned char *walk_at(struct workload_ctx *ctx, uint64_t turn)
{
	const struct walk *w = walk_of(ctx);

	return (unsigned char *)(uintptr_t)(w->shape.base_gva + table_of(w)[turn]);
}

int walk_verify(struct workload_ctx *ctx)
{
	struct permutation p = permutation_of(ctx->lines, ctx->seed);
	const struct walk *w = walk_of(ctx);
	const uint64_t *table = table_of(w);
	uint64_t hash = ctx->lines, entries = walk_table_entries(ctx->lines);

	for (uint64_t i = 0; i < entries; i++) {
		uint64_t turn = i % ctx->lines;
		uint64_t line = permutation_at(&p, turn);

		/* Two turns with the same line would have the same index. */
		if (line >= ctx->lines || permutation_index(&p, line) != turn ||
		    table[i] != walk_offset_of_turn(&w->shape, ctx->seed, &p, turn))
			return refuse(ctx, "the order of the loads does not name each line once");
		if (i < ctx->lines)
			hash = random_mix(hash ^ line);
	}
	ctx->checksum = random_mix(hash ^ ctx->accesses);
	return 0;
}

/*
 * AND with 0 makes x zero but keeps the data dependency: no CPU takes it for a zeroing idiom, so this load waits. In
 * assembly, because a compiler adds the three terms of an address in whatever order, and so makes the chain longer
 * for one load than for the next. (The address is a computed one; nothing that the compiler knows is read.)
 */
#define LOAD(x, address) __asm__ volatile("mov\t(%1,%0), %0\n\tand\t$0, %0" : "+&r"(x) : "r"(address) : "cc")

#define LOAD_1(k)                                 \
	do {                                      \
		offset_bytes = table[k];          \
		visited += offset_bytes;          \
		LOAD(x, base_gva + offset_bytes); \
	} while (0)

uint64_t walk_sample(struct workload_ctx *ctx)
{
	struct walk *w = walk_of(ctx);
	const uint64_t *table = table_of(w);
	uint64_t base_gva = w->shape.base_gva, entries = walk_table_entries(ctx->lines);
	uint64_t at = ctx->cursor, left = ctx->accesses, visited = 0, offset_bytes, x = 0;
	uint64_t start_cycles, end_cycles;

	start_cycles = tsc_read();
	while (left > 0) {
		uint64_t end = at + min_u64(left, entries - at);

		left -= end - at;
		for (; at < end; at += WALK_UNROLL) {
			LOAD_1(at);
			LOAD_1(at + 1);
			LOAD_1(at + 2);
			LOAD_1(at + 3);
		}
		if (at == entries)
			at = 0;
	}
	keep_value(x);
	end_cycles = tsc_read();

	ctx->cursor = at;
	ctx->rng += ctx->accesses;
	w->visited += visited;
	return end_cycles - start_cycles;
}

/* rng: all timed loads so far. */
int walk_check(struct workload_ctx *ctx)
{
	struct permutation p = permutation_of(ctx->lines, ctx->seed);
	const struct walk *w = walk_of(ctx);
	uint64_t passes = ctx->rng / ctx->lines, rest = ctx->rng % ctx->lines, expected = 0;

	for (uint64_t i = 0; i < ctx->lines; i++)
		expected += (passes + (i < rest)) * walk_offset_of_turn(&w->shape, ctx->seed, &p, i);
	if (w->visited != expected || ctx->cursor != ctx->rng % walk_table_entries(ctx->lines))
		return refuse(ctx, "the timed loads did not go to the lines they should");
	return 0;
}
