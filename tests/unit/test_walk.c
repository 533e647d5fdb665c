/*
 * The walks at computed addresses load the lines they claim to, each once a pass, wherever those lie, and prove it. It
 * could break by a table that repeats wrongly at its end (a line too often, a sample that starts in the middle), by
 * lines outside of the slice, by a table that lies where lines are written, or by a proof that accepts anything.
 */

#include "test.h"
#include "permute.h"
#include "guest/workloads/walk.h"
#include "units.h"
#include "workload.h"

static struct workload_ctx make_ctx(uint64_t slice_bytes, uint64_t set_bytes, uint64_t stride_bytes)
{
	struct workload_ctx ctx = {
		.slice_bytes = slice_bytes,
		.leaf_bytes = PAGE_4K,
		.working_set_bytes = set_bytes,
		.stride_bytes = stride_bytes,
		.seed = 11,
		.vcpus = 1,
		.repeat = 1,
	};

	ctx.slice = aligned_alloc(PAGE_4K, slice_bytes);
	assert_non_null(ctx.slice);
	memset(ctx.slice, 0xa5, slice_bytes);
	ctx.arena = ctx.slice;
	return ctx;
}

/* With own arithmetic: every line in the slice and 64-byte aligned, one in each step, none twice. */
static void assert_one_a_step(struct workload_ctx *ctx, uint64_t step_bytes)
{
	unsigned char *seen = calloc(ctx->lines, 1);

	assert_non_null(seen);
	LOOP (uint64_t, turn, 0, turn < ctx->lines, turn++) {
		uint64_t offset = (uint64_t)(walk_at(ctx, turn) - ctx->slice);

		assert_true(offset < ctx->slice_bytes);
		assert_int_equal(offset % CACHE_LINE_BYTES, 0);
		assert_true(offset / step_bytes < ctx->lines);
		assert_int_equal(seen[offset / step_bytes], 0);
		seen[offset / step_bytes] = 1;
	}
	free(seen);
}

static void run(const struct workload_ops *ops, struct workload_ctx *ctx, int samples)
{
	assert_int_equal(ops->prepare(ctx), 0);
	assert_int_equal(ops->verify(ctx), 0);
	LOOP (int, i, 0, i < samples, i++)
		assert_true(ops->part[0].sample(ctx) > 0);
	assert_int_equal(ops->check(ctx), 0);
}

TEST(scatter_loads_each_page_once)
{
	static const uint64_t pages[] = { 1, 2, 3, 5, 64, 100, 511, 512, 513, 1000 };
	static const uint64_t accesses[] = { 0, 4, 1000, 5000 };

	EACH (i, pages) {
		EACH (a, accesses) {
			struct workload_ctx ctx = make_ctx(1024 * PAGE_4K, pages[i] * PAGE_4K, 0);

			ctx.accesses = accesses[a];
			run(&workload_scatter, &ctx, 3);
			assert_int_equal(ctx.pages, pages[i]);
			assert_true(ctx.accesses % 4 == 0 && ctx.accesses >= accesses[a]);
			assert_one_a_step(&ctx, PAGE_4K);
			free(ctx.slice);
		}
	}
}

/* One load a leaf; a set that ends inside a leaf counts that one too. */
TEST(scatter_steps_by_leaves)
{
	struct workload_ctx ctx = make_ctx(16 * PAGE_2M, 5 * PAGE_2M + PAGE_4K, 0);

	ctx.leaf_bytes = PAGE_2M;
	run(&workload_scatter, &ctx, 1);
	assert_int_equal(ctx.pages, 6);
	assert_one_a_step(&ctx, PAGE_2M);
	free(ctx.slice);
}

/*
 * On aliased memory the table lies in the same memory for every vCPU, and the lines that are written at first, of any
 * repetition, must not fall into it. Nothing outside of table and lines changes.
 */
TEST(scatter_spares_its_table_on_aliased_memory)
{
	struct workload_ctx ctx = make_ctx(64 * PAGE_4K, 64 * PAGE_4K, 0);
	uint64_t changed = 0, table_start = 16 * PAGE_4K - walk_table_bytes(64);

	ctx.alias_bytes = 16 * PAGE_4K;
	run(&workload_scatter, &ctx, 1);
	LOOP (uint64_t, i, 0, i < 48 * PAGE_4K, i += 8) {
		bool zeroed = *(uint64_t *)(void *)(ctx.slice + i) == 0;

		assert_true(!zeroed || i % ctx.alias_bytes < table_start);
		changed += zeroed;
	}
	assert_int_equal(changed, 48 - 3 * (walk_table_bytes(64) / PAGE_4K));
	ctx.working_set_bytes = 64 * PAGE_4K;
	ctx.alias_bytes = 128 * PAGE_4K;
	assert_int_equal(workload_scatter.prepare(&ctx), -1);
	free(ctx.slice);
}

/* The check does not look at the table: another vCPU may have filled it for its next step. */
TEST(check_needs_no_table)
{
	struct workload_ctx ctx = make_ctx(64 * PAGE_4K, 64 * PAGE_4K, 0);

	assert_int_equal(workload_scatter.prepare(&ctx), 0);
	(void)workload_scatter.part[0].sample(&ctx);
	memset(ctx.slice, 0xff, ctx.slice_bytes);
	assert_int_equal(workload_scatter.check(&ctx), 0);
	free(ctx.slice);
}

TEST(damage_is_noticed)
{
	LOOP (int, damage, 0, damage < 5, damage++) {
		struct workload_ctx ctx = make_ctx(64 * PAGE_4K, 37 * PAGE_4K, 0);
		uint64_t *table;

		assert_int_equal(workload_scatter.prepare(&ctx), 0);
		table = (uint64_t *)(uintptr_t)walk_of(&ctx)->table_gva;
		if (damage == 0)
			table[3] = table[4]; /* one line twice */
		else if (damage == 1)
			table[36] += CACHE_LINE_BYTES; /* another line */
		else if (damage == 2)
			table[37 * 4] ^= PAGE_4K; /* wrong where the order repeats */
		if (damage < 3)
			assert_int_equal(workload_scatter.verify(&ctx), -1);
		(void)workload_scatter.part[0].sample(&ctx);
		if (damage == 3)
			walk_of(&ctx)->visited++;
		if (damage == 4)
			ctx.cursor += 4;
		assert_int_equal(workload_scatter.check(&ctx), -1);
		assert_non_null(ctx.failure);
		free(ctx.slice);
	}
}

TEST(checksum_is_of_the_inputs_alone)
{
	uint64_t sums[2][4];

	LOOP (int, round, 0, round < 2, round++) {
		LOOP (int, i, 0, i < 4, i++) {
			struct workload_ctx ctx =
				make_ctx((64 + round) * PAGE_4K, (i == 1 ? 33 : 32) * PAGE_4K, 0);

			ctx.seed = i == 2 ? 5 : 6;
			ctx.accesses = i == 3 ? 8 : 400;
			run(&workload_scatter, &ctx, 1);
			sums[round][i] = ctx.checksum;
			free(ctx.slice);
		}
	}
	assert_memory_equal(sums[0], sums[1], sizeof(sums[0]));
	LOOP (int, i, 1, i < 4, i++)
		assert_int_not_equal(sums[0][0], sums[0][i]);
}

/* Natively: through the slice at every stride. */
TEST(probe_steps_by_its_stride)
{
	LOOP (uint64_t, stride, PAGE_4K, stride <= 64 * PAGE_4K, stride *= 2) {
		struct workload_ctx ctx = make_ctx(1024 * PAGE_4K, 16 * PAGE_4K, stride);

		ctx.leaf_bytes = stride == PAGE_4K ? PAGE_2M : PAGE_4K;
		run(&workload_tlb_probe, &ctx, 2);
		assert_int_equal(ctx.pages, 16);
		assert_one_a_step(&ctx, stride);
		free(ctx.slice);
	}
}

/* The control: packed lines, each once, in the first bytes of the slice. */
TEST(probe_control_is_packed)
{
	struct workload_ctx ctx = make_ctx(1024 * PAGE_4K, 1000 * PAGE_4K, CACHE_LINE_BYTES);

	run(&workload_tlb_probe, &ctx, 2);
	assert_int_equal(ctx.pages, 1000);
	assert_one_a_step(&ctx, CACHE_LINE_BYTES);
	free(ctx.slice);
}

/* Where a step has room, its lines follow each other: as many cache sets as packed ones, not 64 of them. */
TEST(large_steps_spread_their_lines)
{
	struct workload_ctx ctx = make_ctx(16 * PAGE_2M, 16 * PAGE_4K, PAGE_2M);

	ctx.leaf_bytes = PAGE_2M;
	assert_int_equal(workload_tlb_probe.prepare(&ctx), 0);
	LOOP (uint64_t, turn, 0, turn < 16, turn++) {
		uint64_t offset = (uint64_t)(walk_at(&ctx, turn) - ctx.slice);

		assert_int_equal(offset % PAGE_2M, offset / PAGE_2M * CACHE_LINE_BYTES);
	}
	free(ctx.slice);
}

TEST(impossible_inputs_are_refused)
{
	static const struct {
		uint64_t slice_pages, set_bytes, stride_bytes, accesses;
	} inputs[] = {
		{ 16, 0, PAGE_4K, 0 },                                 /* nothing to load */
		{ 16, 16 * PAGE_4K, 2 * PAGE_4K, 0 },                  /* beyond the slice */
		{ 16, 4 * PAGE_4K, UINT64_C(1) << 62, 0 },             /* far beyond */
		{ 16, 4 * PAGE_4K, UINT64_C(1) << 63, 0 },             /* more than 64 bits */
		{ 16, 4 * PAGE_4K, 3 * PAGE_4K, 0 },                   /* no power of two */
		{ 16, 4 * PAGE_4K, 2048, 0 },                          /* neither line nor page */
		{ 16, 4 * PAGE_4K, 0, 0 },                             /* no stride */
		{ 16, 4 * PAGE_4K, PAGE_4K, UINT64_MAX },              /* more accesses than can be counted */
		{ 16, UINT64_MAX - PAGE_4K + 1, CACHE_LINE_BYTES, 0 }, /* a table larger than any memory */
	};

	EACH (i, inputs) {
		struct workload_ctx ctx = make_ctx(inputs[i].slice_pages * PAGE_4K, inputs[i].set_bytes,
						   inputs[i].stride_bytes);

		ctx.accesses = inputs[i].accesses;
		assert_int_equal(workload_tlb_probe.prepare(&ctx), -1);
		assert_non_null(ctx.failure);
		workload_tlb_probe.finish(&ctx);
		free(ctx.slice);
	}
}
