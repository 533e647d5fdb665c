/*
 * vpid walks its whole cycle each round, leaves once before each round of the one part and never in the other, and
 * times the walk alone. It could break by rounds that do not end where they began (n not a multiple of what is
 * unrolled), by an exit inside the time, or by a choice of accesses that makes more exits than anybody waits for.
 */

#include "test.h"
#include "timing.h"
#include "units.h"
#include "workload.h"

#define WARM 0
#define AFTER_EXIT 1

/* Some tenths of a millisecond: far above what a short walk takes, sanitized too. */
#define LEAVE_CYCLES 1000000

static uint64_t left_count;
static int slow;

static void leave(void)
{
	uint64_t start_cycles = tsc_read();

	left_count++;
	while (slow && tsc_read() - start_cycles < LEAVE_CYCLES)
		;
}

static const struct platform platform = { .leave = leave };

static struct workload_ctx make_ctx(uint64_t pages, uint64_t accesses)
{
	struct workload_ctx ctx = {
		.slice_bytes = pages * PAGE_4K,
		.leaf_bytes = PAGE_4K,
		.working_set_bytes = pages * PAGE_4K,
		.platform = &platform,
		.accesses = accesses,
		.seed = 5,
		.vcpus = 1,
		.repeat = 1,
	};

	ctx.slice = aligned_alloc(PAGE_4K, ctx.slice_bytes);
	assert_non_null(ctx.slice);
	left_count = 0;
	slow = 0;
	return ctx;
}

static void prepare(struct workload_ctx *ctx)
{
	assert_int_equal(workload_vpid.prepare(ctx), 0);
	assert_int_equal(workload_vpid.verify(ctx), 0);
}

TEST(leaves_once_a_round)
{
	static const uint64_t pages[] = { 1, 2, 3, 5, 16, 37, 64, 1024 };

	EACH (i, pages) {
		struct workload_ctx ctx = make_ctx(pages[i], 1000);

		prepare(&ctx);
		assert_int_equal(ctx.pages, pages[i]);
		assert_true(ctx.accesses >= 1000 && ctx.accesses < 1000 + pages[i]);
		assert_int_equal(ctx.accesses % pages[i], 0);
		LOOP (int, s, 0, s < 3, s++) {
			left_count = 0;
			assert_true(workload_vpid.part[WARM].sample(&ctx) > 0);
			assert_int_equal(left_count, 0);
			assert_int_equal(workload_vpid.check(&ctx), 0);
			assert_true(workload_vpid.part[AFTER_EXIT].sample(&ctx) > 0);
			assert_int_equal(left_count, ctx.accesses / pages[i]);
			assert_int_equal(workload_vpid.check(&ctx), 0);
		}
		free(ctx.slice);
	}
}

/* All exits of a phase are those that are counted, so a phase may not begin with passes of its own. */
TEST(no_exits_but_the_counted)
{
	assert_int_equal(workload_vpid.parts, 2);
	assert_int_equal(workload_vpid.part[WARM].variant, VARIANT_WARM);
	assert_int_equal(workload_vpid.part[AFTER_EXIT].variant, VARIANT_AFTER_EXIT);
	LOOP (int, p, 0, p < 2, p++)
		assert_int_equal(workload_vpid.part[p].warm_passes, 0);
	assert_false(workload_vpid.part[WARM].may_exit);
	assert_true(workload_vpid.part[AFTER_EXIT].may_exit);
}

/* The least of a few samples, because this machine has other things to do as well. */
TEST(leaving_is_not_timed)
{
	struct workload_ctx ctx = make_ctx(16, 20 * 16);
	uint64_t least_cycles = UINT64_MAX;

	prepare(&ctx);
	slow = 1;
	for (int s = 0; s < 5; s++)
		least_cycles = min_u64(least_cycles, workload_vpid.part[AFTER_EXIT].sample(&ctx));
	assert_int_equal(left_count, 5 * 20);
	assert_true(least_cycles < 20 * (uint64_t)LEAVE_CYCLES / 4);
	free(ctx.slice);
}

/* Every line of every round is read: one that names itself holds the walk, wherever in the cycle it is. */
TEST(damage_is_found)
{
	static const uint64_t pages[] = { 2, 3, 5, 6, 7, 16, 37 };

	EACH (i, pages) {
		struct workload_ctx ctx = make_ctx(pages[i], 0);
		uint64_t **line;

		prepare(&ctx);
		line = (uint64_t **)(void *)(ctx.slice + ctx.cursor);
		LOOP (uint64_t, step, 1, step < pages[i], step++) {
			uint64_t start = ctx.cursor, *next;

			line = (uint64_t **)(void *)*line;
			next = *line;
			*line = (uint64_t *)(void *)line;
			(void)workload_vpid.part[WARM].sample(&ctx);
			*line = next;
			assert_int_equal(workload_vpid.check(&ctx), -1);
			assert_non_null(ctx.failure);
			ctx.cursor = start;
		}
		free(ctx.slice);
	}
}

TEST(own_choice_is_bounded)
{
	static const uint64_t pages[] = { 1, 16, 64, 1000, 1024, 65536 };

	EACH (i, pages) {
		struct workload_ctx ctx = make_ctx(pages[i], 0);
		uint64_t rounds;

		prepare(&ctx);
		rounds = ctx.accesses / pages[i];
		assert_int_equal(ctx.accesses % pages[i], 0);
		assert_in_range(rounds, 1, 2000);
		assert_true(rounds >= 100 || ctx.accesses > 100000);
		free(ctx.slice);
	}
}

TEST(impossible_inputs_are_refused)
{
	struct workload_ctx ctx = make_ctx(3, UINT64_MAX);

	assert_int_equal(workload_vpid.prepare(&ctx), -1);
	assert_non_null(ctx.failure);
	ctx.accesses = UINT64_MAX - 15;
	ctx.working_set_bytes = PAGE_4K * 2;
	ctx.failure = NULL;
	assert_int_equal(workload_vpid.prepare(&ctx), 0);
	ctx.working_set_bytes = 0;
	assert_int_equal(workload_vpid.prepare(&ctx), -1);
	free(ctx.slice);
}

TEST(checksum_is_of_the_inputs_alone)
{
	struct workload_ctx a = make_ctx(37, 1000), b = make_ctx(37, 1000), c = make_ctx(37, 2000);

	prepare(&a);
	prepare(&b);
	prepare(&c);
	assert_int_equal(a.checksum, b.checksum);
	assert_int_not_equal(a.checksum, c.checksum);
	free(a.slice);
	free(b.slice);
	free(c.slice);
}
