/*
 * remap, dirty and shootdown do to the guest's tables what they say, and notice a CPU that does not do as it should: a
 * TLB that keeps what it was told to forget, a D bit that is not set. They could break by a touch whose outcome no check
 * looks at: the figure would then be that of a loop that remaps nothing. Run on a paging of software (soft_mmu.h).
 */
#include <pthread.h>

#include "test.h"
#include "soft_mmu.h"
#include "units.h"
#include "workload.h"

#define VCPUS 3

static struct workload_ctx ctx_on(const struct soft_mmu *m, uint64_t accesses)
{
	return (struct workload_ctx){
		.slice = m->arena,
		.arena = m->arena,
		.slice_bytes = m->bytes,
		.leaf_bytes = m->leaf_bytes,
		.working_set_bytes = m->bytes,
		.platform = &m->platform,
		.accesses = accesses,
		.seed = 3,
		.vcpus = 1,
		.repeat = 2,
	};
}

/* As the driver does; what check() says. */
static int run_part(struct workload_ctx *ctx, const struct workload_ops *ops, uint32_t part)
{
	uint32_t samples = ops->part[part].max_samples != 0 ? ops->part[part].max_samples : ctx->repeat;

	assert_true(ops->part[part].may_exit != 0 && ops->part[part].warm_passes == 0);
	assert_int_equal(ops->part[part].setup(ctx), 0);
	LOOP (uint32_t, i, 0, i < samples, i++)
		assert_true(ops->part[part].sample(ctx) > 0);
	return ops->check(ctx);
}

static int run_first_part(struct workload_ctx *ctx, const struct workload_ops *ops, uint32_t part)
{
	assert_int_equal(ops->prepare(ctx), 0);
	assert_int_equal(ops->verify(ctx), 0);
	return run_part(ctx, ops, part);
}

/* Every touch sees the memory that its page was led to, and afterwards each page is back on its own. */
static void remap_on(uint64_t leaf_bytes, uint64_t leaves, uint64_t first_index, uint64_t pages)
{
	struct soft_mmu *m = soft_mmu_start(leaf_bytes, leaves, first_index);
	struct workload_ctx ctx = ctx_on(m, 2 * pages + 1);

	assert_int_equal(workload_remap.prepare(&ctx), 0);
	assert_int_equal(workload_remap.verify(&ctx), 0);
	assert_int_equal(ctx.pages, pages);
	assert_int_equal(ctx.accesses, 4 * pages);
	LOOP (uint32_t, part, 0, part < workload_remap.parts, part++)
		assert_int_equal(run_part(&ctx, &workload_remap, part), 0);
	/* Two samples of each; one flush before each part. */
	assert_int_equal(m->page_forgets, 2 * ctx.accesses);
	assert_int_equal(m->all_forgets, 2 * ctx.accesses + 2);
	LOOP (uint64_t, at, 0, at < m->bytes, at += leaf_bytes)
		assert_int_equal(*tables_leaf(m->tables[0], (uint64_t)(uintptr_t)m->arena + at, NULL) &
					 TABLES_ADDRESS,
				 SOFT_MMU_GPA + at);
	soft_mmu_end(m);
}

TEST(remap_leads_every_page)
{
	remap_on(PAGE_4K, 2, 0, 2);
	remap_on(PAGE_4K, 17, 100, 16);
	remap_on(PAGE_2M, 4, 0, 4);
	/* The entries of one table, and of two the one that has more of them. */
	remap_on(PAGE_4K, 600, 0, 512);
	remap_on(PAGE_4K, 40, 500, 28);
	remap_on(PAGE_4K, 40, 480, 32);
	remap_on(PAGE_4K, 3, 511, 2);
}

/* A TLB that does not forget: found by both parts. A page on other memory: found as well. */
TEST(remap_notices_what_is_stale)
{
	LOOP (uint32_t, part, 0, part < workload_remap.parts, part++) {
		struct soft_mmu *m = soft_mmu_start(PAGE_4K, 16, 0);
		struct workload_ctx ctx = ctx_on(m, 64);
		uint64_t *entry;

		assert_int_equal(run_first_part(&ctx, &workload_remap, part), 0);
		m->deaf = true;
		assert_int_equal(run_part(&ctx, &workload_remap, part), -1);
		assert_non_null(ctx.failure);
		m->deaf = false;
		ctx = ctx_on(m, 64);
		assert_int_equal(run_first_part(&ctx, &workload_remap, part), 0);
		entry = tables_leaf(m->tables[0], (uint64_t)(uintptr_t)m->arena + 5 * PAGE_4K, NULL);
		*entry ^= PAGE_4K;
		assert_int_equal(workload_remap.check(&ctx), -1);
		*entry ^= PAGE_4K;
		m->arena[7 * PAGE_4K + 3 * CACHE_LINE_BYTES] ^= 1;
		assert_int_equal(workload_remap.check(&ctx), -1);
		soft_mmu_end(m);
	}
}

static uint64_t bits_of_all(const struct soft_mmu *m)
{
	uint64_t all = UINT64_MAX;

	for (uint64_t at = 0; at < m->bytes; at += m->leaf_bytes)
		all &= *tables_leaf(m->tables[0], (uint64_t)(uintptr_t)m->arena + at, NULL);
	return all & (PTE_ACCESSED | PTE_DIRTY);
}

static void dirty_on(uint64_t leaf_bytes, uint64_t leaves)
{
	struct soft_mmu *m = soft_mmu_start(leaf_bytes, leaves, 3);
	struct workload_ctx ctx = ctx_on(m, 0);

	assert_int_equal(workload_dirty.prepare(&ctx), 0);
	assert_int_equal(workload_dirty.verify(&ctx), 0);
	assert_int_equal(ctx.accesses, m->bytes / PAGE_4K);
	LOOP (uint32_t, part, 0, part < workload_dirty.parts, part++) {
		bool writes = part % 2 == 1;

		assert_int_equal(workload_dirty.part[part].max_samples, 1);
		assert_int_equal(workload_dirty.part[part].dirty_log, part >= 2);
		assert_int_equal(run_part(&ctx, &workload_dirty, part), 0);
		assert_int_equal(bits_of_all(m), PTE_ACCESSED | (writes ? PTE_DIRTY : 0));
	}
	soft_mmu_end(m);
}

TEST(dirty_sets_the_bits)
{
	dirty_on(PAGE_4K, 1);
	dirty_on(PAGE_4K, 70);
	dirty_on(PAGE_2M, 2);
}

/* vCPUs that share leaves: a slice that begins and ends inside of one, and no bit of either is left out. */
TEST(dirty_in_shared_leaves)
{
	struct soft_mmu *m = soft_mmu_start(PAGE_2M, 2, 0);
	struct workload_ctx ctx = ctx_on(m, 0);

	ctx.slice += MIB;
	ctx.slice_bytes = ctx.working_set_bytes = PAGE_2M;
	assert_int_equal(workload_dirty.prepare(&ctx), 0);
	assert_int_equal(workload_dirty.verify(&ctx), 0);
	LOOP (uint32_t, part, 0, part < workload_dirty.parts, part++) {
		assert_int_equal(run_part(&ctx, &workload_dirty, part), 0);
		assert_int_equal(bits_of_all(m), PTE_ACCESSED | (part % 2 == 1 ? PTE_DIRTY : 0));
	}
	soft_mmu_end(m);
}

/* Bits not set, bits set too often, a flush that did nothing, a page that changed. */
TEST(dirty_notices_wrong_bits)
{
	struct soft_mmu *m = soft_mmu_start(PAGE_4K, 16, 0);
	struct workload_ctx ctx = ctx_on(m, 0);

	assert_int_equal(run_first_part(&ctx, &workload_dirty, 0), 0);
	m->never_dirty = true;
	assert_int_equal(run_part(&ctx, &workload_dirty, 0), 0);
	assert_int_equal(run_part(&ctx, &workload_dirty, 1), -1);
	m->never_dirty = false;
	assert_int_equal(run_part(&ctx, &workload_dirty, 1), 0);
	m->always_dirty = true;
	assert_int_equal(run_part(&ctx, &workload_dirty, 0), -1);
	m->always_dirty = false;
	assert_int_equal(run_part(&ctx, &workload_dirty, 0), 0);
	m->deaf = true;
	assert_int_equal(run_part(&ctx, &workload_dirty, 0), -1);
	m->deaf = false;
	assert_int_equal(run_part(&ctx, &workload_dirty, 1), 0);
	m->arena[9 * PAGE_4K + 9 * CACHE_LINE_BYTES] ^= 1;
	assert_int_equal(workload_dirty.check(&ctx), -1);
	/* Damage that comes before a read is found by the read itself. */
	(void)workload_dirty.part[0].sample(&ctx);
	m->arena[9 * PAGE_4K + 9 * CACHE_LINE_BYTES] ^= 1;
	assert_int_equal(workload_dirty.check(&ctx), -1);
	soft_mmu_end(m);
}

static void *follow(void *argument)
{
	struct workload_ctx *ctx = argument;

	LOOP (uint32_t, i, 0, i < ctx->repeat, i++)
		assert_true(workload_shootdown.part[0].sample(ctx) > 0);
	return NULL;
}

/* Prepared one after the other, sampled side by side; how many found something wrong. */
static int shoot(struct soft_mmu *m, struct workload_ctx ctx[VCPUS])
{
	pthread_t threads[VCPUS];
	int wrong = 0;

	LOOP (uint32_t, v, 0, v < VCPUS, v++) {
		ctx[v] = ctx_on(m, 7);
		ctx[v].vcpu = v;
		ctx[v].vcpus = VCPUS;
		assert_int_equal(workload_shootdown.prepare(&ctx[v]), 0);
		assert_int_equal(workload_shootdown.verify(&ctx[v]), 0);
		assert_int_equal(ctx[v].accesses, 8);
		assert_int_equal(workload_shootdown.part[0].setup(&ctx[v]), 0);
	}
	LOOP (uint32_t, v, 0, v < VCPUS, v++)
		assert_int_equal(pthread_create(&threads[v], NULL, follow, &ctx[v]), 0);
	LOOP (uint32_t, v, 0, v < VCPUS, v++) {
		assert_int_equal(pthread_join(threads[v], NULL), 0);
		wrong += workload_shootdown.check(&ctx[v]) != 0;
	}
	return wrong;
}

TEST(shootdown_waits_for_all)
{
	struct soft_mmu *m = soft_mmu_start(PAGE_4K, 16, 0);
	struct workload_ctx ctx[VCPUS];

	/* Twice: a step after a step begins anew. */
	LOOP (int, step, 0, step < 2, step++) {
		m->page_forgets = 0;
		assert_int_equal(shoot(m, ctx), 0);
		/* Of each vCPU in each round: 8 of two samples, with one before and one behind. */
		assert_int_equal(m->page_forgets, VCPUS * 2 * 10);
		assert_int_equal(*tables_leaf(m->tables[0], (uint64_t)(uintptr_t)m->arena, NULL) &
					 TABLES_ADDRESS,
				 SOFT_MMU_GPA);
	}
	m->deaf = true;
	assert_true(shoot(m, ctx) > 0);
	soft_mmu_end(m);
}

TEST(impossible_places_are_refused)
{
	static const struct workload_ops *const all[] = { &workload_remap, &workload_dirty,
							  &workload_shootdown };
	struct soft_mmu *m = soft_mmu_start(PAGE_4K, 16, 0);
	const struct platform native = { 0 };

	EACH (i, all) {
		struct workload_ctx ctx = ctx_on(m, 0);

		ctx.vcpus = 2;
		ctx.platform = &native;
		assert_int_equal(all[i]->prepare(&ctx), -1);
		ctx.platform = NULL;
		assert_int_equal(all[i]->prepare(&ctx), -1);
		ctx.platform = &m->platform;
		assert_int_equal(all[i]->prepare(&ctx), 0);
		ctx.leaf_bytes = PAGE_2M;
		assert_int_equal(all[i]->prepare(&ctx), -1);
		assert_non_null(ctx.failure);
		ctx = ctx_on(m, UINT64_MAX);
		ctx.vcpus = 2;
		if (all[i] != &workload_dirty)
			assert_int_equal(all[i]->prepare(&ctx), -1);
		/* One leaf for remap, none for dirty, one vCPU for shootdown. */
		ctx = ctx_on(m, 0);
		ctx.working_set_bytes = all[i] == &workload_dirty ? 0 : PAGE_4K;
		assert_int_equal(all[i]->prepare(&ctx), -1);
	}
	soft_mmu_end(m);
}
