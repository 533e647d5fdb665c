/*
 * The pattern of chase and packed is one random cycle over exactly n lines, spread evenly over the sets of every
 * cache. It could break by an off-by-one in the shuffle (several short cycles fit the L1 and look like a fast
 * memory), by a biased draw, or by an offset rule that piles lines into one set (a phantom knee).
 */

#include "test.h"
#include "lines.h"
#include "include/random.h"
#include "units.h"
#include "workload.h"

static const struct workload_ops *const cycles[] = { &workload_chase, &workload_packed };

static struct workload_ctx make_ctx(uint64_t pages, uint64_t seed)
{
	struct workload_ctx ctx = {
		.slice_bytes = pages * PAGE_4K,
		.leaf_bytes = PAGE_4K,
		.working_set_bytes = pages * PAGE_4K,
		.seed = seed,
		.vcpus = 1,
		.repeat = 1,
	};

	ctx.slice = aligned_alloc(PAGE_4K, pages * PAGE_4K);
	assert_non_null(ctx.slice);
	return ctx;
}

/* Walks with own arithmetic, without the code under test, and counts each line's visits. */
static void assert_one_cycle(const struct workload_ctx *ctx, bool one_a_page)
{
	unsigned char *seen = calloc(ctx->pages, 1);
	uint64_t address = (uint64_t)(uintptr_t)ctx->slice;

	assert_non_null(seen);
	LOOP (uint64_t, i, 0, i < ctx->pages, i++) {
		uint64_t offset = address - (uint64_t)(uintptr_t)ctx->slice;
		uint64_t line = one_a_page ? offset / PAGE_4K : offset / CACHE_LINE_BYTES;

		assert_true(offset < ctx->working_set_bytes);
		assert_int_equal(offset % CACHE_LINE_BYTES, 0);
		assert_true(line < ctx->pages);
		assert_int_equal(seen[line], 0);
		seen[line] = 1;
		address = *(uint64_t *)(uintptr_t)address;
	}
	assert_ptr_equal((void *)(uintptr_t)address, ctx->slice);
	free(seen);
}

TEST(is_one_cycle)
{
	static const uint64_t counts[] = { 1, 2, 3, 4, 5, 63, 64, 65, 1000, 4096, 65536 };

	LOOP (size_t, c, 0, c < 2, c++) {
		EACH (i, counts) {
			struct workload_ctx ctx = make_ctx(counts[i], 7 + i);

			assert_int_equal(cycles[c]->prepare(&ctx), 0);
			assert_int_equal(ctx.pages, counts[i]);
			assert_one_cycle(&ctx, cycles[c] == &workload_chase);
			assert_int_equal(cycles[c]->verify(&ctx), 0);
			free(ctx.slice);
		}
	}
}

TEST(lines_are_even_over_cache_sets)
{
	static const uint32_t sets[] = { 64, 512, 1024, 2048, 4096 };
	static const uint64_t pages[] = { 64, 512, 1024, 4096, 65536 };
	static uint32_t count[4096];

	EACH (s, sets) {
		EACH (p, pages) {
			uint32_t fair = pages[p] < sets[s] ? 1 : (uint32_t)(pages[p] / sets[s]);
			uint32_t most = 0;

			memset(count, 0, sizeof(count));
			for (uint64_t i = 0; i < pages[p]; i++) {
				uint32_t *set = &count[line_of_page_bytes(i) / CACHE_LINE_BYTES % sets[s]];

				(*set)++;
				most = *set > most ? *set : most;
			}
			/* All lines in fair shares leave no set with more, and so none with fewer. */
			assert_int_equal(most, fair);
		}
	}
}

TEST(any_six_bits_name_any_line)
{
	LOOP (uint32_t, shift, 0, shift <= 58, shift++) {
		uint64_t seen = 0;

		for (uint64_t digit = 0; digit < 64; digit++)
			seen |= UINT64_C(1) << line_in_page_bytes(digit << shift) / CACHE_LINE_BYTES;
		assert_int_equal(seen, UINT64_MAX);
	}
}

/* Known answers: the first outputs of SplitMix64 seeded with 0 and 1234567. */
TEST(generator_is_splitmix64)
{
	uint64_t zero = 0, other = 1234567;

	assert_int_equal(random_next(&zero), UINT64_C(0xe220a8397b1dcdaf));
	assert_int_equal(random_next(&zero), UINT64_C(0x6e789e6aa1b965f4));
	assert_int_equal(random_next(&other), UINT64_C(6457827717110365317));
	assert_int_equal(random_next(&other), UINT64_C(3203168211198807973));
}

/* Chi-squared over 7 buckets, 6 degrees of freedom: above 30 once in 30000 seeds, and the seed is fixed. */
TEST(bounded_draw_is_fair)
{
	uint64_t rng = 42, buckets[7] = { 0 };
	double chi = 0;

	LOOP (uint32_t, i, 0, i < 70000, i++) {
		uint64_t draw = random_below(&rng, 7);

		assert_true(draw < 7);
		buckets[draw]++;
	}
	for (size_t i = 0; i < 7; i++)
		chi += ((double)buckets[i] - 10000.0) * ((double)buckets[i] - 10000.0) / 10000.0;
	assert_true(chi < 30.0);
	/* With three quarters of 2^64 as the bound a plain multiply would give the low third twice as often. */
	buckets[0] = 0;
	for (uint32_t i = 0; i < 30000; i++)
		buckets[0] += random_below(&rng, UINT64_C(3) << 62) % 3 == 0;
	assert_in_range(buckets[0], 9600, 10400);
	assert_int_equal(random_below(&rng, 1), 0);
}

/* Over 6000 seeds each of the 6 cycles of 4 lines comes about 1000 times: no successor order is preferred. */
TEST(every_cycle_is_equally_likely)
{
	uint32_t seen[64] = { 0 };
	uint32_t kinds = 0;

	LOOP (uint64_t, seed, 0, seed < 6000, seed++) {
		struct workload_ctx ctx = make_ctx(4, seed);
		uint64_t address = (uint64_t)(uintptr_t)ctx.slice;
		uint32_t order = 0;

		assert_int_equal(workload_packed.prepare(&ctx), 0);
		for (uint32_t i = 0; i < 3; i++) {
			address = *(uint64_t *)(uintptr_t)address;
			order = order << 2 |
				(uint32_t)((address - (uint64_t)(uintptr_t)ctx.slice) / CACHE_LINE_BYTES);
		}
		seen[order]++;
		free(ctx.slice);
	}
	LOOP (size_t, i, 0, i < 64, i++) {
		kinds += seen[i] != 0;
		if (seen[i] != 0)
			assert_in_range(seen[i], 850, 1150);
	}
	assert_int_equal(kinds, 6);
}

/* Each damage is one that a wrong shuffle could leave. */
TEST(damage_is_noticed)
{
	LOOP (size_t, c, 0, c < 2, c++) {
		LOOP (int, damage, 0, damage < 5, damage++) {
			struct workload_ctx ctx = make_ctx(100, 3);
			uint64_t *first = (uint64_t *)(void *)ctx.slice;
			uint64_t *second, keep;

			assert_int_equal(cycles[c]->prepare(&ctx), 0);
			second = (uint64_t *)(uintptr_t)*first;
			keep = *first;
			if (damage == 0)
				*first = (uint64_t)(uintptr_t)first; /* a cycle of one */
			else if (damage == 1)
				*first = keep + 8; /* inside a line, not its start */
			else if (damage == 2)
				*first = (uint64_t)(uintptr_t)ctx.slice -
					 CACHE_LINE_BYTES; /* before the slice */
			else if (damage == 3)
				*first = (uint64_t)(uintptr_t)ctx.slice +
					 ctx.working_set_bytes; /* behind it */
			else
				*second = keep; /* never comes back to line 0 */
			assert_int_equal(cycles[c]->verify(&ctx), -1);
			assert_non_null(ctx.failure);
			free(ctx.slice);
		}
	}
}
