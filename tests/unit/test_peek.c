/*
 * peek touches one page, and only when a part runs: explain says what the first access to an address does, and would
 * tell a lie if prepare(), verify() or a neighbour had been there before. It could break by a proof that reads the page
 * too early, by the wrong page, or by a store that no check proves.
 */
#include <sys/mman.h>

#include "test.h"
#include "lines.h"
#include "units.h"
#include "workload.h"

enum part { PART_READ, PART_WRITE };

#define SLICE_PAGES 24

/* Untouched memory: what is resident afterwards is what was touched. */
static struct workload_ctx make_ctx(uint64_t set_pages)
{
	struct workload_ctx ctx = {
		.slice_bytes = SLICE_PAGES * PAGE_4K,
		.leaf_bytes = PAGE_4K,
		.working_set_bytes = set_pages * PAGE_4K,
		.seed = 7,
		.vcpus = 1,
		.repeat = 1,
	};

	ctx.slice = mmap(NULL, ctx.slice_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(ctx.slice, MAP_FAILED);
	assert_int_equal(madvise(ctx.slice, ctx.slice_bytes, MADV_NOHUGEPAGE), 0);
	ctx.arena = ctx.slice;
	return ctx;
}

static void free_ctx(struct workload_ctx *ctx)
{
	assert_int_equal(munmap(ctx->slice, ctx->slice_bytes), 0);
}

/* Bit n: page n is resident. */
static uint32_t resident(const struct workload_ctx *ctx)
{
	unsigned char pages[SLICE_PAGES];
	uint32_t bits = 0;

	assert_int_equal(mincore(ctx->slice, ctx->slice_bytes, pages), 0);
	for (uint32_t i = 0; i < SLICE_PAGES; i++)
		bits |= (uint32_t)(pages[i] & 1) << i;
	return bits;
}

static uint64_t words_set(const struct workload_ctx *ctx)
{
	uint64_t count = 0;

	for (uint64_t i = 0; i < ctx->slice_bytes / sizeof(uint64_t); i++)
		count += ((uint64_t *)(void *)ctx->slice)[i] != 0;
	return count;
}

TEST(the_last_page_and_no_other)
{
	static const uint64_t set_pages[] = { 1, 2, 17, SLICE_PAGES };

	EACH (i, set_pages) {
		struct workload_ctx ctx = make_ctx(set_pages[i]);
		uint32_t page = (uint32_t)set_pages[i] - 1;

		assert_int_equal(workload_peek.prepare(&ctx), 0);
		assert_int_equal(workload_peek.verify(&ctx), 0);
		assert_int_equal(resident(&ctx), 0);
		assert_true(workload_peek.part[PART_READ].sample(&ctx) > 0);
		assert_int_equal(resident(&ctx), 1U << page);
		assert_int_equal(workload_peek.check(&ctx), 0);
		assert_true(workload_peek.part[PART_WRITE].sample(&ctx) > 0);
		assert_int_equal(resident(&ctx), 1U << page);
		assert_int_equal(workload_peek.check(&ctx), 0);
		assert_int_not_equal(*(uint64_t *)(void *)(ctx.slice + line_of_page_bytes(page)), 0);
		assert_int_equal(words_set(&ctx), 1);
		free_ctx(&ctx);
	}
}

/* Each access is made once, without passes before it. */
TEST(parts_are_single_accesses)
{
	struct workload_ctx ctx = make_ctx(3);

	assert_int_equal(workload_peek.parts, 2);
	LOOP (uint32_t, p, 0, p < workload_peek.parts, p++) {
		assert_int_equal(workload_peek.part[p].max_samples, 1);
		assert_int_equal(workload_peek.part[p].may_exit, 1);
		assert_int_equal(workload_peek.part[p].warm_passes, 0);
	}
	assert_int_equal(workload_peek.part[PART_READ].variant, VARIANT_READ);
	assert_int_equal(workload_peek.part[PART_WRITE].variant, VARIANT_WRITE);
	assert_int_equal(workload_peek.prepare(&ctx), 0);
	assert_int_equal(ctx.pages, 1);
	assert_int_equal(ctx.accesses, 1);
	free_ctx(&ctx);
}

TEST(a_lost_store_is_noticed)
{
	struct workload_ctx ctx = make_ctx(5);
	unsigned char *word = ctx.slice + line_of_page_bytes(4);

	assert_int_equal(workload_peek.prepare(&ctx), 0);
	(void)workload_peek.part[PART_READ].sample(&ctx);
	(void)workload_peek.part[PART_WRITE].sample(&ctx);
	*word ^= 1;
	assert_int_equal(workload_peek.check(&ctx), -1);
	assert_non_null(ctx.failure);
	/* Another vCPU may have had the last word where memory is shared. */
	ctx.alias_bytes = 2 * PAGE_4K;
	assert_int_equal(workload_peek.check(&ctx), -1);
	ctx.vcpus = 2;
	assert_int_equal(workload_peek.check(&ctx), 0);
	free_ctx(&ctx);
}

static uint64_t checksum_of(uint64_t set_pages, uint64_t seed)
{
	struct workload_ctx ctx = make_ctx(set_pages);

	ctx.seed = seed;
	assert_int_equal(workload_peek.prepare(&ctx), 0);
	free_ctx(&ctx);
	return ctx.checksum;
}

TEST(checksum_is_of_the_inputs_alone)
{
	assert_int_equal(checksum_of(5, 1), checksum_of(5, 1));
	assert_int_not_equal(checksum_of(5, 1), checksum_of(6, 1));
	assert_int_not_equal(checksum_of(5, 1), checksum_of(5, 2));
}

TEST(less_than_a_page_is_refused)
{
	struct workload_ctx ctx = make_ctx(0);

	assert_int_equal(workload_peek.prepare(&ctx), -1);
	assert_non_null(ctx.failure);
	free_ctx(&ctx);
}
