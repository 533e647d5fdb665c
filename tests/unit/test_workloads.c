/*
 * Each workload does the operations it counts, proves them, and its checksum is a function of seed, working set
 * and accesses alone. It could break by a loop that skips or wraps wrongly, by a proof that accepts anything, or by
 * an address that finds its way into the checksum: guest and native figures could then not be matched.
 */

#include "test.h"
#include "lines.h"
#include "units.h"
#include "workload.h"

/* Those that need nothing but memory and a clock, by enum workload_id; the others have tests of their own. */
static const struct workload_ops *const all[] = {
	[WORKLOAD_touch] = &workload_touch, [WORKLOAD_packed] = &workload_packed,
	[WORKLOAD_chase] = &workload_chase, [WORKLOAD_seq] = &workload_seq,
	[WORKLOAD_gups] = &workload_gups,
};

#define ALL_COUNT (sizeof(all) / sizeof(all[0]))

static struct workload_ctx make_ctx(uint64_t bytes, uint64_t accesses, uint64_t seed)
{
	struct workload_ctx ctx = {
		.slice_bytes = bytes,
		.leaf_bytes = PAGE_4K,
		.working_set_bytes = bytes,
		.accesses = accesses,
		.seed = seed,
		.vcpus = 1,
		.repeat = 1,
	};

	ctx.slice = aligned_alloc(PAGE_4K, bytes);
	assert_non_null(ctx.slice);
	memset(ctx.slice, 0, bytes);
	return ctx;
}

static uint64_t checksum_of(const struct workload_ops *ops, uint64_t bytes, uint64_t accesses, uint64_t seed)
{
	struct workload_ctx ctx = make_ctx(bytes, accesses, seed);

	assert_int_equal(ops->prepare(&ctx), 0);
	assert_int_equal(ops->verify(&ctx), 0);
	free(ctx.slice);
	return ctx.checksum;
}

TEST(checksum_is_of_the_inputs_alone)
{
	LOOP (size_t, i, 0, i < ALL_COUNT, i++) {
		void *elsewhere = malloc(12345); /* moves what is allocated next */
		uint64_t once = checksum_of(all[i], 32 * PAGE_4K, 1024, 5);

		free(elsewhere);
		assert_int_equal(once, checksum_of(all[i], 32 * PAGE_4K, 1024, 5));
		assert_int_not_equal(once, checksum_of(all[i], 32 * PAGE_4K, 1024, 6));
		assert_int_not_equal(once, checksum_of(all[i], 64 * PAGE_4K, 1024, 5));
		if (i != WORKLOAD_touch)
			assert_int_not_equal(once, checksum_of(all[i], 32 * PAGE_4K, 2048, 5));
	}
}

/* Sample lengths that divide the working set, do not, and exceed it. */
TEST(samples_pass_their_own_check)
{
	static const uint64_t accesses[] = { 0, 16, 48, 1000, 4096, 100000 };

	LOOP (size_t, i, 0, i < ALL_COUNT, i++) {
		EACH (a, accesses) {
			struct workload_ctx ctx = make_ctx(37 * PAGE_4K, accesses[a], 11);

			assert_int_equal(all[i]->prepare(&ctx), 0);
			assert_int_equal(all[i]->verify(&ctx), 0);
			assert_true(ctx.accesses > 0 && ctx.accesses >= accesses[a] * (i != WORKLOAD_touch));
			LOOP (uint32_t, p, 0, p < all[i]->parts, p++) {
				/* As the driver does: the whole set at least once, then a few samples. */
				LOOP (uint64_t, done, 0, done < ctx.pass_accesses, done += ctx.accesses)
					assert_true(all[i]->part[p].sample(&ctx) > 0);
				LOOP (int, s, 0, s < 3, s++)
					assert_true(all[i]->part[p].sample(&ctx) > 0);
				assert_int_equal(all[i]->check(&ctx), 0);
			}
			free(ctx.slice);
		}
	}
}

static void run_one_sample_of(const struct workload_ops *ops, uint32_t part, struct workload_ctx *ctx)
{
	assert_int_equal(ops->prepare(ctx), 0);
	assert_int_equal(ops->verify(ctx), 0);
	(void)ops->part[part].sample(ctx);
}

/* One bit anywhere that a part claims to have visited. */
TEST(check_notices_damage)
{
	LOOP (size_t, i, 0, i < ALL_COUNT, i++) {
		LOOP (uint32_t, p, 0, p < all[i]->parts, p++) {
			struct workload_ctx ctx = make_ctx(32 * PAGE_4K, 0, 11);

			run_one_sample_of(all[i], p, &ctx);
			if (i == WORKLOAD_chase || i == WORKLOAD_packed)
				ctx.cursor ^= CACHE_LINE_BYTES;
			else
				ctx.slice[line_of_page_bytes(31)] ^= 1;
			assert_int_equal(all[i]->check(&ctx), -1);
			assert_non_null(ctx.failure);
			free(ctx.slice);
		}
	}
}

/* A word changed before a read is found by the read's sum itself. */
TEST(seq_read_looks_at_the_words)
{
	struct workload_ctx ctx = make_ctx(32 * PAGE_4K, 0, 11);

	assert_int_equal(workload_seq.prepare(&ctx), 0);
	ctx.slice[5 * PAGE_4K] ^= 1;
	assert_int_equal(workload_seq.verify(&ctx), -1);
	(void)workload_seq.part[0].sample(&ctx);
	ctx.slice[5 * PAGE_4K] ^= 1;
	assert_int_equal(workload_seq.check(&ctx), -1);
	free(ctx.slice);
}

/* Neither prepare nor verify of touch may write, or the first touch would not be the first. */
TEST(touch_waits_for_the_sample)
{
	struct workload_ctx ctx = make_ctx(32 * PAGE_4K, 0, 11);
	uint32_t written = 0;

	assert_int_equal(workload_touch.prepare(&ctx), 0);
	assert_int_equal(workload_touch.verify(&ctx), 0);
	LOOP (uint64_t, i, 0, i < ctx.slice_bytes, i++)
		assert_int_equal(ctx.slice[i], 0);
	assert_int_equal(workload_touch.part[0].max_samples, 1);
	assert_int_equal(workload_touch.part[0].warm_passes, 0);
	(void)workload_touch.part[0].sample(&ctx);
	for (uint64_t i = 0; i < ctx.slice_bytes / 8; i++)
		written += ((uint64_t *)(void *)ctx.slice)[i] != 0;
	assert_int_equal(written, 32);
	free(ctx.slice);
}

TEST(impossible_inputs_are_refused)
{
	LOOP (size_t, i, 0, i < ALL_COUNT, i++) {
		struct workload_ctx ctx = make_ctx(PAGE_4K, 0, 1);

		ctx.working_set_bytes = 0;
		assert_int_equal(all[i]->prepare(&ctx), -1);
		assert_non_null(ctx.failure);
		free(ctx.slice);
	}
	LOOP (size_t, i, 0, i < ALL_COUNT, i++) {
		struct workload_ctx ctx = make_ctx(PAGE_4K, UINT64_MAX, 1);

		if (i != WORKLOAD_touch && i != WORKLOAD_gups)
			assert_int_equal(all[i]->prepare(&ctx), -1);
		free(ctx.slice);
	}
}

/* Long enough that reading the clock is lost in it, and the whole cycle is seen. */
TEST(own_choice_of_accesses)
{
	struct workload_ctx small = make_ctx(64 * PAGE_4K, 0, 1);
	struct workload_ctx large = make_ctx(65536 * PAGE_4K, 0, 1);

	assert_int_equal(workload_packed.prepare(&small), 0);
	assert_int_equal(workload_packed.prepare(&large), 0);
	assert_true(small.accesses >= 100000);
	assert_true(large.accesses >= 2 * 65536);
	assert_true(workload_chase.part[0].warm_passes >= 2 && workload_packed.part[0].warm_passes >= 2);
	free(small.slice);
	free(large.slice);
}
