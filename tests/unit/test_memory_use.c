/*
 * malloc and mlock use the memory they say, all of it their own, and can tell when it was damaged. They could break by
 * an operation that is counted but not made, by a first part that finds its pages touched already, or by a proof that
 * accepts a block in two hands.
 */
#include <sys/mman.h>

#include "test.h"
#include "lines.h"
#include "units.h"
#include "workload.h"

/* Untouched memory: what is resident afterwards is what was touched. */
static struct workload_ctx make_ctx(uint64_t bytes, uint64_t accesses, uint64_t seed)
{
	struct workload_ctx ctx = {
		.slice_bytes = bytes,
		.leaf_bytes = PAGE_4K,
		.working_set_bytes = bytes,
		.accesses = accesses,
		.seed = seed,
		.vcpus = 1,
		.repeat = 3,
	};

	ctx.slice = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(ctx.slice, MAP_FAILED);
	assert_int_equal(madvise(ctx.slice, bytes, MADV_NOHUGEPAGE), 0);
	ctx.arena = ctx.slice;
	return ctx;
}

static void free_ctx(struct workload_ctx *ctx)
{
	assert_int_equal(munmap(ctx->slice, ctx->slice_bytes), 0);
}

static uint64_t resident_pages(const struct workload_ctx *ctx)
{
	uint64_t pages = ctx->slice_bytes / PAGE_4K, count = 0;
	unsigned char *resident = malloc(pages);

	assert_non_null(resident);
	assert_int_equal(mincore(ctx->slice, ctx->slice_bytes, resident), 0);
	for (uint64_t i = 0; i < pages; i++)
		count += resident[i] & 1;
	free(resident);
	return count;
}

static int run_part(struct workload_ctx *ctx, const struct workload_ops *ops, uint32_t part)
{
	uint32_t samples = ops->part[part].max_samples != 0 ? ops->part[part].max_samples : ctx->repeat;

	if (ops->part[part].setup != NULL)
		assert_int_equal(ops->part[part].setup(ctx), 0);
	LOOP (uint32_t, i, 0, i < samples, i++)
		assert_true(ops->part[part].sample(ctx) > 0);
	return ops->check(ctx);
}

static void start(struct workload_ctx *ctx, const struct workload_ops *ops)
{
	assert_int_equal(ops->prepare(ctx), 0);
	assert_int_equal(ops->verify(ctx), 0);
}

TEST(mlock_holds_every_page)
{
	static const uint64_t pages[] = { 1, 2, 37, 64, 1000 };

	EACH (i, pages) {
		struct workload_ctx ctx = make_ctx(pages[i] * PAGE_4K, 0, 5);

		start(&ctx, &workload_mlock);
		assert_int_equal(ctx.accesses, pages[i]);
		assert_int_equal(resident_pages(&ctx), 0);
		assert_int_equal(workload_mlock.part[0].max_samples, 1);
		assert_int_equal(workload_mlock.part[0].warm_passes + workload_mlock.part[1].warm_passes, 0);
		assert_true(workload_mlock.part[0].may_exit != 0 && workload_mlock.part[1].may_exit == 0);
		assert_int_equal(run_part(&ctx, &workload_mlock, 0), 0);
		assert_int_equal(resident_pages(&ctx), pages[i]);
		assert_int_equal(run_part(&ctx, &workload_mlock, 1), 0);
		free_ctx(&ctx);
	}
}

/* A page that an earlier pass wrote and the last one did not. */
TEST(mlock_notices_a_lost_page)
{
	struct workload_ctx ctx = make_ctx(64 * PAGE_4K, 0, 5);
	uint64_t old;

	start(&ctx, &workload_mlock);
	assert_int_equal(run_part(&ctx, &workload_mlock, 0), 0);
	memcpy(&old, ctx.slice + line_of_page_bytes(40), sizeof(old));
	assert_int_equal(run_part(&ctx, &workload_mlock, 1), 0);
	memcpy(ctx.slice + line_of_page_bytes(40), &old, sizeof(old));
	assert_int_equal(workload_mlock.check(&ctx), -1);
	assert_non_null(ctx.failure);
	free_ctx(&ctx);
}

TEST(malloc_runs_in_any_set)
{
	static const uint64_t sets_bytes[] = { 8 * KIB, 64 * KIB, 300 * KIB, 4 * MIB, 33 * MIB };
	static const uint64_t accesses[] = { 0, 1, 7777 };

	EACH (s, sets_bytes) {
		EACH (a, accesses) {
			struct workload_ctx ctx = make_ctx(sets_bytes[s], accesses[a], 5);
			uint64_t before;

			start(&ctx, &workload_malloc);
			assert_true(accesses[a] == 0 ? ctx.accesses >= 1024 : ctx.accesses == accesses[a]);
			/* Its records, and the end of the one free block. */
			before = resident_pages(&ctx);
			assert_true(before <= 3);
			assert_int_equal(run_part(&ctx, &workload_malloc, 0), 0);
			/* Half of the memory is live where there were operations enough. */
			if (accesses[a] != 1)
				assert_true(resident_pages(&ctx) > sets_bytes[s] / PAGE_4K / 3);
			assert_int_equal(run_part(&ctx, &workload_malloc, 1), 0);
			assert_int_equal(resident_pages(&ctx), sets_bytes[s] / PAGE_4K);
			free_ctx(&ctx);
		}
	}
}

/* The second part starts where a program has been running for long, and finds all memory there. */
TEST(malloc_second_is_settled)
{
	struct workload_ctx ctx = make_ctx(4 * MIB, 100, 5);

	start(&ctx, &workload_malloc);
	assert_int_equal(run_part(&ctx, &workload_malloc, 0), 0);
	assert_int_equal(workload_malloc.part[0].max_samples, 1);
	assert_true(workload_malloc.part[0].may_exit != 0 && workload_malloc.part[1].may_exit == 0);
	assert_int_equal(workload_malloc.part[1].setup(&ctx), 0);
	assert_int_equal(resident_pages(&ctx), 4 * MIB / PAGE_4K);
	assert_int_equal(workload_malloc.check(&ctx), 0);
	free_ctx(&ctx);
}

/*
 * Each live block has four words at least that have to be right: its size, its tag, what was written first and last
 * into it. Any of them changed is found; so is a changed list, and most words belong to no page.
 */
TEST(malloc_notices_damage)
{
	struct workload_ctx ctx = make_ctx(256 * KIB, 200, 5);
	uint64_t *words = (uint64_t *)(void *)ctx.slice;
	uint64_t found = 0;

	start(&ctx, &workload_malloc);
	(void)workload_malloc.part[0].sample(&ctx);
	/* The first two are the limits of the heap itself: outside of them there is nothing to look at. */
	for (uint64_t i = 2; i < 256 * KIB / sizeof(*words); i++) {
		words[i] ^= 0x40;
		found += workload_malloc.verify(&ctx) != 0;
		words[i] ^= 0x40;
	}
	assert_int_equal(ctx.pass_accesses, 32);
	assert_true(found >= 4 * 32 && found < 16 * 32);
	assert_int_equal(workload_malloc.check(&ctx), 0);
	free_ctx(&ctx);
}

TEST(a_set_too_small_for_blocks_is_refused)
{
	struct workload_ctx ctx = make_ctx(MIB, 0, 5);

	ctx.working_set_bytes = PAGE_4K;
	assert_int_equal(workload_malloc.prepare(&ctx), -1);
	assert_non_null(ctx.failure);
	free_ctx(&ctx);
}
