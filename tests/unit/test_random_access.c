/*
 * Property: a random access to a memory is what one works out by hand: its data by the share that each cache holds, its
 * TLB misses by the share that each TLB holds, its walk by where leaf entries are. It could break by a share above 1, by
 * TLBs of another page than the one named, by 1G pages in pieces taken for whole ones, or by an overflow at exabytes.
 */
#include <math.h>

#include "test.h"
#include "sim_cpu.h"
#include "units.h"
#include "vmm/theory/simulate/closed_form.h"

static const struct walk_plan native_4k = { WALK_NATIVE, 4, 4, PAGE_4K, PAGE_4K };
static const struct walk_plan nested_4k = { WALK_NESTED, 4, 4, PAGE_4K, PAGE_4K };

/* 64 entries, then 1024. */
static struct cpu_model cpu_with_tlbs(void)
{
	struct cpu_model cpu = bare_cpu();

	give_tlb(&cpu, false, 16, 4);
	give_tlb(&cpu, true, 128, 8);
	return cpu;
}

static struct random_access predict(const struct cpu_model *cpu, const struct walk_plan *plan,
				    uint64_t leaf_bytes, uint64_t memory_bytes)
{
	struct random_access out;

	random_access_predict(cpu, plan, leaf_bytes, memory_bytes, &out);
	return out;
}

TEST(data_by_the_share_of_each_cache)
{
	struct cpu_model cpu = cpu_with_tlbs();

	cpu.parameter[CPU_L1D_BYTES] = 32 * KIB;
	cpu.parameter[CPU_L2_BYTES] = 256 * KIB;
	cpu.parameter[CPU_L3_BYTES] = 2 * MIB;
	/* Of 4M: a 128th at 1 cycle, up to a 16th at 10, up to a half at 100, the rest at 1000. */
	assert_float_equal(predict(&cpu, &native_4k, PAGE_4K, 4 * MIB).data_cycles,
			   1.0 / 128 + 10 * (1.0 / 16 - 1.0 / 128) + 100 * (0.5 - 1.0 / 16) + 1000 * 0.5,
			   1e-9);
	/* No more than all of it is in L1, however small it is. */
	assert_float_equal(predict(&cpu, &native_4k, PAGE_4K, PAGE_4K).data_cycles, 1, 1e-9);
	/* An L2 smaller than L1 adds nothing. */
	cpu.parameter[CPU_L2_BYTES] = 16 * KIB;
	assert_float_equal(predict(&cpu, &native_4k, PAGE_4K, 32 * KIB).data_cycles, 1, 1e-9);
}

TEST(misses_by_the_share_of_each_tlb)
{
	struct cpu_model cpu = cpu_with_tlbs();
	struct random_access a = predict(&cpu, &native_4k, PAGE_4K, 256 * KIB);

	assert_true(a.dtlb_entries == 64 && a.stlb_entries == 1024 && a.stlb_entry_bytes == PAGE_4K);
	assert_true(a.terms.dtlb_missing == 0 && a.terms.stlb_missing == 0);
	assert_float_equal(a.terms.total_cycles, 1000, 1e-9);
	/* 1024 pages: all in the second, 64 of them in the first; a hit in the second is 7. */
	a = predict(&cpu, &native_4k, PAGE_4K, 4 * MIB);
	assert_float_equal(a.terms.dtlb_missing, 15.0 / 16, 1e-12);
	assert_float_equal(a.terms.total_cycles, 1000 + 7 * 15.0 / 16, 1e-9);
	/* 2048 pages: half of them walk, and without a cache every leaf entry is 1000, one in each dimension. */
	a = predict(&cpu, &native_4k, PAGE_4K, 8 * MIB);
	assert_float_equal(a.terms.stlb_missing, 0.5, 1e-12);
	assert_float_equal(a.terms.walk_cycles, 1000, 1e-9);
	assert_float_equal(a.terms.total_cycles, 1000 + 7 * 31.0 / 32 + 500, 1e-9);
	a = predict(&cpu, &nested_4k, PAGE_4K, 8 * MIB);
	assert_float_equal(a.terms.walk_cycles, 2000, 1e-9);
	assert_float_equal(a.terms.total_cycles, 1000 + 7 * 31.0 / 32 + 1000, 1e-9);
	/* A guest of 2M on 2M: 4 entries. */
	a = predict(&cpu, &(struct walk_plan){ WALK_NESTED, 4, 4, PAGE_2M, PAGE_2M }, PAGE_2M, 8 * MIB);
	assert_true(a.terms.translations == 4 && a.terms.dtlb_missing == 0);
}

/* 128 pages of 1G: half are in the first TLB. The second has them all, or, in pieces of 2M, one of 64. */
TEST(pieces_of_1g_pages_reach_less)
{
	static const struct walk_plan plan = { WALK_NATIVE, 4, 4, PAGE_1G, PAGE_1G };
	struct cpu_model cpu = cpu_with_tlbs();
	struct random_access a = predict(&cpu, &plan, PAGE_1G, 128 * GIB);

	assert_true(a.stlb_entry_bytes == PAGE_1G && a.terms.stlb_missing == 0);
	assert_float_equal(a.terms.dtlb_missing, 0.5, 1e-12);
	cpu.parameter[CPU_STLB_1G_SMASHED] = 1;
	a = predict(&cpu, &plan, PAGE_1G, 128 * GIB);
	assert_true(a.stlb_entry_bytes == PAGE_2M && a.terms.translations == 128);
	/* What is in the first TLB is not looked for in the second. */
	assert_float_equal(a.terms.stlb_missing, 0.5, 1e-12);
	assert_float_equal(a.terms.total_cycles, 1000 + 0.5 * 7 + 0.5 * 1000, 1e-9);
}

/* 2^34 pages of 1G: their entries are in no cache. An overflow would leave none, which is in L1. */
TEST(exabytes_do_not_overflow)
{
	static const struct walk_plan plan = { WALK_NESTED, 5, 5, PAGE_1G, PAGE_4K };
	struct cpu_model cpu = cpu_with_tlbs();
	struct random_access a;

	cpu.parameter[CPU_L1D_BYTES] = 32 * KIB;
	a = predict(&cpu, &plan, PAGE_4K, UINT64_MAX - PAGE_4K + 1);
	assert_true(a.terms.guest_read_cycles > 999 && a.terms.host_read_cycles > 999);
	assert_true(isfinite(a.terms.total_cycles) && a.terms.stlb_missing <= 1 &&
		    a.terms.stlb_missing > 0.99);
}
