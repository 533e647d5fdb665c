/*
 * What is simulated is what is run: the workloads build their pattern in real memory, and their pointers and tables are
 * followed beside the sequence, address by address. It could break by another order of the generator, another start, or
 * another line inside the page.
 */
#include <errno.h>

#include "test.h"
#include "alias_shape.h"
#include "guest/workloads/walk.h"
#include "units.h"
#include "vmm/theory/simulate/simulate.h"
#include "workload.h"

static struct workload_ctx make_ctx(uint64_t set_bytes, uint64_t seed)
{
	struct workload_ctx ctx = {
		.slice_bytes = align_up(set_bytes, PAGE_4K),
		.leaf_bytes = PAGE_4K,
		.working_set_bytes = set_bytes,
		.seed = seed,
		.vcpus = 1,
		.repeat = 1,
	};

	ctx.slice = aligned_alloc(PAGE_4K, ctx.slice_bytes);
	assert_non_null(ctx.slice);
	ctx.arena = ctx.slice;
	return ctx;
}

static void follow_pointers(enum workload_id id, const struct workload_ops *ops, uint64_t pages,
			    uint64_t seed)
{
	struct workload_ctx ctx = make_ctx(pages * PAGE_4K, seed);
	struct sequence s;
	const uint64_t *line;
	bool write = true;

	assert_int_equal(ops->prepare(&ctx), 0);
	assert_int_equal(sequence_init(&s, id, ctx.working_set_bytes, 0, PAGE_4K, seed), 0);
	assert_int_equal(s.pages, ctx.pages);
	assert_int_equal(s.pass_accesses, ctx.pass_accesses);
	line = (const uint64_t *)(void *)(ctx.slice + ctx.cursor);
	LOOP (uint64_t, i, 0, i < 2 * pages + 3, i++) {
		assert_int_equal(sequence_next(&s, &write), (uintptr_t)line - (uintptr_t)ctx.slice);
		assert_false(write);
		line = (const uint64_t *)(uintptr_t)*line;
	}
	sequence_free(&s);
	free(ctx.slice);
}

TEST(cycles_follow_the_workloads_pointers)
{
	static const uint64_t pages[] = { 1, 2, 3, 64, 65, 1000 };

	EACH (i, pages) {
		LOOP (uint64_t, seed, 0, seed < 3, seed++) {
			follow_pointers(WORKLOAD_chase, &workload_chase, pages[i], seed);
			follow_pointers(WORKLOAD_packed, &workload_packed, pages[i], seed);
		}
	}
}

/* alias itself needs a guest; its walk is prepared by the same function on its shape. */
static void follow_table(uint64_t lines, uint64_t stride_bytes, uint64_t leaf_bytes, uint64_t seed)
{
	struct workload_ctx ctx = { .lines = lines, .seed = seed };
	unsigned char *table = aligned_alloc(PAGE_4K, walk_table_bytes(lines));
	struct walk_shape shape;
	struct sequence s;
	bool write = true;

	assert_non_null(table);
	assert_true(alias_shape(stride_bytes, leaf_bytes, &shape));
	shape.base_gva = 0;
	assert_int_equal(walk_prepare(&ctx, &shape, table, 1), 0);
	assert_int_equal(sequence_init(&s, WORKLOAD_alias, lines * PAGE_4K, stride_bytes, leaf_bytes, seed),
			 0);
	assert_int_equal(s.pages, ctx.pages);
	LOOP (uint64_t, i, 0, i < 2 * walk_table_entries(lines) + 3, i++) {
		const uint64_t *offset =
			(const uint64_t *)(const void *)table + i % walk_table_entries(lines);

		assert_int_equal(sequence_next(&s, &write), *offset);
		assert_false(write);
	}
	sequence_free(&s);
	free(table);
}

TEST(alias_follows_the_walks_table)
{
	static const uint64_t lines[] = { 1, 3, 64, 511, 1000 };

	EACH (i, lines) {
		follow_table(lines[i], CACHE_LINE_BYTES, PAGE_4K, 5);
		follow_table(lines[i], PAGE_4K, PAGE_4K, 5);
		follow_table(lines[i], PAGE_1G, PAGE_2M, 6);
	}
	follow_table(64, CACHE_LINE_BYTES, PAGE_1G, 7);
	follow_table(64, 512 * PAGE_1G, PAGE_1G, 7);
}

/* A table of zeros after one sample has the exclusive or of all values at each word: the same from the sequence. */
TEST(gups_updates_the_words_the_workload_does)
{
	static const uint64_t bytes[] = { PAGE_4K, 3 * PAGE_4K, 64 * PAGE_4K };

	EACH (i, bytes) {
		struct workload_ctx ctx = make_ctx(bytes[i], 9);
		uint64_t *touched = calloc(1, bytes[i]), count = 0, words;
		struct sequence s;
		bool write = false;

		assert_non_null(touched);
		/* Few updates: most words keep their number, so that a wrong address shows. */
		ctx.accesses = 100;
		assert_int_equal(workload_gups.prepare(&ctx), 0);
		assert_int_equal(sequence_init(&s, WORKLOAD_gups, bytes[i], 0, PAGE_4K, 9), 0);
		assert_int_equal(s.lines, ctx.lines);
		assert_int_equal(s.pages, ctx.pages);
		assert_int_equal(s.pass_accesses, ctx.pass_accesses);
		words = ctx.lines;
		LOOP (uint64_t, k, 0, k < 100, k++) {
			uint64_t offset = sequence_next(&s, &write);

			assert_true(write && offset / 8 < words && offset % 8 == 0);
			touched[offset / 8]++;
		}
		LOOP (uint64_t, w, 0, w < words, w++) {
			bool changed = ((const uint64_t *)(const void *)ctx.slice)[w] != w;

			assert_int_equal(changed, touched[w] != 0);
			count += changed;
		}
		assert_true(count > 50);
		sequence_free(&s);
		free(touched);
		free(ctx.slice);
	}
}

TEST(what_there_is_not_is_refused)
{
	struct sequence s;

	assert_int_equal(sequence_init(&s, WORKLOAD_touch, PAGE_2M, 0, PAGE_4K, 1), -EINVAL);
	assert_int_equal(sequence_init(&s, WORKLOAD_chase, PAGE_4K - 1, 0, PAGE_4K, 1), -EINVAL);
	assert_int_equal(sequence_init(&s, WORKLOAD_chase, UINT64_MAX, 0, PAGE_4K, 1), -E2BIG);
	assert_int_equal(sequence_init(&s, WORKLOAD_alias, PAGE_2M, PAGE_4K, PAGE_2M, 1), -EINVAL);
	assert_int_equal(sequence_init(&s, WORKLOAD_alias, PAGE_1G, 512 * PAGE_1G, PAGE_2M, 1), -E2BIG);
	sequence_free(&s);
}
