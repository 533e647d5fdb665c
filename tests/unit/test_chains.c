/*
 * With any number of chains each cursor makes its share of the accesses, and ends where so many loads end: that is checked,
 * and a cursor or a line that is not right is noticed. A loop that skips a cursor, loads it twice or mixes two up would
 * give a throughput that no core has.
 */
#include "test.h"
#include "lines.h"
#include "units.h"
#include "workload.h"
#include "guest/workloads/chains.h"

static struct workload_ctx make_ctx(uint64_t pages, uint32_t chains, uint64_t accesses)
{
	struct workload_ctx ctx = {
		.slice_bytes = pages * PAGE_4K,
		.leaf_bytes = PAGE_4K,
		.working_set_bytes = pages * PAGE_4K,
		.chains = chains,
		.accesses = accesses,
		.seed = 3,
		.vcpus = 1,
		.repeat = 1,
	};

	ctx.slice = aligned_alloc(PAGE_4K, ctx.slice_bytes);
	assert_non_null(ctx.slice);
	return ctx;
}

static void prepared(const struct workload_ops *ops, struct workload_ctx *ctx)
{
	if (ops->prepare(ctx) != 0 || ops->verify(ctx) != 0)
		fail_msg("%u chains: %s", ctx->chains, ctx->failure);
}

static uint64_t load(uint64_t address)
{
	return *(const uint64_t *)(uintptr_t)address;
}

/* By the plainest of loops. */
TEST(the_walk_makes_the_loads_it_counts)
{
	LOOP (uint32_t, chains, 2, chains <= CHAINS_MAX, chains++) {
		LOOP (uint64_t, rounds, 1, rounds < 12, rounds += 5) {
			struct workload_ctx ctx = make_ctx(61, 1, 16);
			uint64_t cursors[CHAINS_MAX], expected[CHAINS_MAX];

			prepared(&workload_chase, &ctx);
			LOOP (uint32_t, i, 0, i < CHAINS_MAX, i++) {
				uint64_t loads = i < chains ? rounds * CHAINS_UNROLL : 0;

				cursors[i] = expected[i] =
					(uint64_t)(uintptr_t)ctx.slice + line_of_page_bytes(i * 5);
				LOOP (uint64_t, k, 0, k < loads, k++)
					expected[i] = load(expected[i]);
			}
			assert_true(chains_walk(cursors, chains, rounds) > 0);
			LOOP (uint32_t, i, 0, i < CHAINS_MAX, i++)
				assert_int_equal(cursors[i], expected[i]);
			free(ctx.slice);
		}
	}
}

TEST(each_chain_ends_where_its_loads_end)
{
	static const struct workload_ops *const all[] = { &workload_chase, &workload_packed };
	static const uint64_t accesses[] = { 0, 1, 100, 4096, 12345 };
	static const uint64_t pages[] = { 12, 13, 64, 1000 };

	LOOP (uint32_t, chains, 1, chains <= CHAINS_MAX, chains++) {
		EACH (w, all) {
			LOOP (size_t, i, 0, i < COUNT_OF(accesses) * COUNT_OF(pages), i++) {
				uint64_t asked = accesses[i % COUNT_OF(accesses)];
				struct workload_ctx ctx =
					make_ctx(pages[i / COUNT_OF(accesses)], chains, asked);

				prepared(all[w], &ctx);
				assert_true(ctx.accesses >= asked && ctx.accesses > 0);
				assert_int_equal(ctx.accesses % chains, 0);
				LOOP (int, k, 0, k < 3, k++)
					assert_true(all[w]->part[0].sample(&ctx) > 0);
				if (all[w]->check(&ctx) != 0)
					fail_msg("%u chains: %s", chains, ctx.failure);
				free(ctx.slice);
			}
		}
	}
}

TEST(a_cursor_or_a_line_that_is_not_right_is_noticed)
{
	LOOP (uint32_t, chains, 2, chains <= CHAINS_MAX, chains++) {
		LOOP (uint32_t, chain, 0, chain < chains, chain++) {
			struct workload_ctx ctx = make_ctx(64, chains, 480);

			prepared(&workload_chase, &ctx);
			(void)workload_chase.part[0].sample(&ctx);
			assert_int_equal(workload_chase.check(&ctx), 0);
			ctx.chain_cursors[chain] ^= PAGE_4K;
			assert_int_equal(workload_chase.check(&ctx), -1);
			ctx.chain_cursors[chain] ^= PAGE_4K;
			ctx.slice[line_of_page_bytes(7)] ^= 1;
			assert_int_equal(workload_chase.check(&ctx), -1);
			free(ctx.slice);
		}
	}
}

/* Figures of different numbers of chains are of different accesses, and their checksums say so. */
TEST(checksums_tell_the_numbers_of_chains_apart)
{
	uint64_t checksums[CHAINS_MAX + 1] = { 0 };

	LOOP (uint32_t, chains, 0, chains <= CHAINS_MAX, chains++) {
		struct workload_ctx ctx = make_ctx(64, chains, 55440);

		prepared(&workload_chase, &ctx);
		checksums[chains] = ctx.checksum;
		LOOP (uint32_t, other, 1, other < chains, other++)
			assert_int_not_equal(checksums[other], checksums[chains]);
		free(ctx.slice);
	}
	/* A workload that is told of no chains has one. */
	assert_int_equal(checksums[0], checksums[1]);
}

TEST(fewer_pages_than_chains_are_refused)
{
	struct workload_ctx ctx = make_ctx(11, 12, 0), endless = make_ctx(64, 11, UINT64_MAX);

	assert_int_equal(workload_chase.prepare(&ctx), -1);
	assert_non_null(strstr(ctx.failure, "fewer pages"));
	assert_int_equal(workload_chase.prepare(&endless), -1);
	assert_non_null(strstr(endless.failure, "too large"));
	free(ctx.slice);
	free(endless.slice);
}
