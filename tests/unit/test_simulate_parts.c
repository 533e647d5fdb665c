/*
 * The parts of the simulator do what a pencil does: LRU in a set, conflicts between pages that share one, a chain of
 * cache levels, TLBs in which sizes share entries. They could break by a wrong order of use, by an index from the
 * wrong bits, or by a level that is not filled.
 */
#include <errno.h>

#include "test.h"
#include "sim_cpu.h"
#include "units.h"
#include "vmm/theory/simulate/walker.h"

/* Misses of `passes` passes over keys 0, step, 2 step, ... */
static uint32_t misses(struct lru *l, uint64_t count, uint64_t step, int passes)
{
	uint32_t missed = 0;

	for (int pass = 0; pass < passes; pass++) {
		for (uint64_t i = 0; i < count; i++)
			missed += !lru_touch(l, i * step);
	}
	return missed;
}

TEST(a_cycle_longer_than_lru_always_misses)
{
	struct lru l;

	assert_int_equal(lru_init(&l, 1, 2, false), 0);
	assert_int_equal(misses(&l, 3, 1, 4), 12);
	lru_free(&l);
	assert_int_equal(lru_init(&l, 1, 4, false), 0);
	assert_int_equal(misses(&l, 4, 1, 3), 4);
	lru_free(&l);
}

TEST(pages_of_one_set_push_each_other_out)
{
	struct lru l;

	/* Four sets of two: eight neighbours fit; three keys four apart share a set. */
	assert_int_equal(lru_init(&l, 4, 2, false), 0);
	assert_int_equal(misses(&l, 8, 1, 2), 8);
	lru_free(&l);
	assert_int_equal(lru_init(&l, 4, 2, false), 0);
	assert_int_equal(misses(&l, 3, 4, 2), 6);
	lru_free(&l);
	/* A stride as long as there are sets leaves one of them; a hashed index spreads it over all. */
	assert_int_equal(lru_init(&l, 64, 2, false), 0);
	assert_int_equal(misses(&l, 32, 64, 2), 64);
	lru_free(&l);
	assert_int_equal(lru_init(&l, 64, 2, true), 0);
	assert_true(misses(&l, 32, 64, 2) < 48);
	lru_free(&l);
}

TEST(use_refreshes_and_a_look_does_not_fill)
{
	struct lru l;

	assert_int_equal(lru_init(&l, 1, 2, false), 0);
	assert_false(lru_find(&l, 1));
	assert_false(lru_find(&l, 1));
	(void)lru_touch(&l, 1);
	(void)lru_touch(&l, 2);
	assert_true(lru_find(&l, 1));
	(void)lru_touch(&l, 3);
	assert_true(lru_find(&l, 1));
	assert_false(lru_find(&l, 2));
	lru_free(&l);
}

TEST(nothing_and_too_much)
{
	struct lru l;

	assert_int_equal(lru_init(&l, 0, 4, false), 0);
	assert_false(lru_touch(&l, 0));
	assert_false(lru_touch(&l, 0));
	(void)lru_touch(&l, 0);
	lru_free(&l);
	assert_int_equal(lru_init(&l, 16, 0, false), 0);
	assert_false(lru_touch(&l, 0));
	lru_free(&l);
	assert_int_equal(lru_init(&l, UINT64_MAX, 2, false), -E2BIG);
	lru_free(&l);
}

TEST(a_number_of_sets_that_is_no_power_of_two)
{
	struct lru l;

	assert_int_equal(lru_init(&l, 3, 1, false), 0);
	assert_int_equal(misses(&l, 3, 1, 2), 3);
	lru_free(&l);
	assert_int_equal(lru_init(&l, 3, 1, false), 0);
	assert_int_equal(misses(&l, 2, 3, 2), 4);
	lru_free(&l);
}

TEST(a_load_fills_every_level_on_its_way)
{
	struct cpu_model cpu = bare_cpu();
	struct cache cache;

	cpu.parameter[CPU_L1D_BYTES] = CACHE_LINE_BYTES;
	cpu.parameter[CPU_L1D_WAYS] = 1;
	cpu.parameter[CPU_L2_BYTES] = 2 * CACHE_LINE_BYTES;
	cpu.parameter[CPU_L2_WAYS] = 2;
	cpu.parameter[CPU_L3_BYTES] = 4 * CACHE_LINE_BYTES;
	cpu.parameter[CPU_L3_WAYS] = 4;
	assert_int_equal(cache_init(&cache, &cpu), 0);
	assert_int_equal(cache_load(&cache, 0), LEVEL_MEMORY);
	assert_int_equal(cache_load(&cache, 63), LEVEL_L1);
	assert_int_equal(cache_load(&cache, 64), LEVEL_MEMORY);
	assert_int_equal(cache_load(&cache, 0), LEVEL_L2);
	assert_int_equal(cache_load(&cache, 128), LEVEL_MEMORY);
	assert_int_equal(cache_load(&cache, 64), LEVEL_L3);
	cache_free(&cache);
}

TEST(sizes_that_share_entries_do)
{
	struct cpu_model cpu = bare_cpu();
	struct cpu_tlb t;

	give_tlb(&cpu, false, 8, 4);
	cpu.parameter[CPU_STLB_2M_SETS] = 16;
	cpu.parameter[CPU_STLB_2M_WAYS] = 2;
	t = cpu_tlb(&cpu, false, PAGE_1G);
	assert_true(t.array_bytes == PAGE_4K && t.sets == 8 && t.ways == 4);
	assert_int_equal(cpu_tlb(&cpu, true, PAGE_4K).sets, 0);
	assert_int_equal(cpu_tlb(&cpu, true, PAGE_2M).sets, 16);
	assert_int_equal(cpu_tlb(&cpu, true, PAGE_1G).sets, 0);
	cpu.parameter[CPU_STLB_1G_IN] = 2;
	assert_int_equal(cpu_tlb(&cpu, true, PAGE_1G).sets, 16);
}

/* One 1G page is one entry in the dTLB and many in an STLB that smashes it. */
TEST(a_smashed_page_is_many_entries)
{
	struct cpu_model cpu = bare_cpu();
	struct tlb tlb;

	cpu.parameter[CPU_STLB_2M_SETS] = 1;
	cpu.parameter[CPU_STLB_2M_WAYS] = 8;
	cpu.parameter[CPU_STLB_1G_SMASHED] = 1;
	assert_int_equal(tlb_init(&tlb, &cpu, PAGE_1G), 0);
	assert_int_equal(tlb_look(&tlb, 0), TLB_MISS);
	assert_int_equal(tlb_look(&tlb, PAGE_2M), TLB_MISS);
	assert_int_equal(tlb_look(&tlb, PAGE_2M - 1), TLB_STLB_HIT);
	tlb_free(&tlb);
	give_tlb(&cpu, false, 1, 1);
	assert_int_equal(tlb_init(&tlb, &cpu, PAGE_1G), 0);
	assert_int_equal(tlb_look(&tlb, 0), TLB_MISS);
	assert_int_equal(tlb_look(&tlb, PAGE_2M), TLB_DTLB_HIT);
	tlb_free(&tlb);
}
