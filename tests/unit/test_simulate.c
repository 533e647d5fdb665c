/*
 * Counts of the simulator are exact: without any cache each miss reads as many entries as theory has, each cache takes
 * away exactly the references that it should, and what is timed is what is counted. It could break by a level too
 * many or too few, by a translation that is made twice or forgotten, or by counts of the warm-up.
 */
#include <errno.h>

#include "test.h"
#include "sim_cpu.h"
#include "units.h"
#include "vmm/theory/simulate/simulate.h"

static const uint64_t leaves[] = { PAGE_4K, PAGE_2M, PAGE_1G };

static struct simulation_input input_of(const struct cpu_model *cpu, enum walk_kind kind, uint64_t pages)
{
	return (struct simulation_input){
		.cpu = cpu,
		.plan = { kind, 4, 4, PAGE_4K, PAGE_4K },
		.workload = WORKLOAD_chase,
		.working_set_bytes = pages * PAGE_4K,
		.seed = 3,
		.warm_passes = 2,
	};
}

static struct simulation run(const struct simulation_input *in)
{
	struct error e = { .status = STATUS_OK };
	struct simulation out;

	assert_int_equal(simulate(in, &out, &e), 0);
	assert_int_equal(out.dtlb_hits + out.dtlb_misses, out.accesses);
	assert_int_equal(out.stlb_hits + out.stlb_misses, out.dtlb_misses);
	assert_int_equal(out.walks, out.stlb_misses);
	return out;
}

static uint64_t references(const struct simulation *s)
{
	return s->walk.guest_references + s->walk.host_references;
}

/* Levels walked, counted anew. */
static uint64_t walked(uint32_t levels, uint64_t leaf_bytes)
{
	return leaf_bytes == PAGE_4K ? levels : leaf_bytes == PAGE_2M ? levels - 1 : levels - 2;
}

static uint64_t theory_of(const struct walk_plan *plan)
{
	uint64_t g = walked(plan->guest_levels, plan->guest_leaf_bytes);
	uint64_t h = walked(plan->host_levels, plan->host_leaf_bytes);

	switch (plan->kind) {
	case WALK_NESTED:
		return (g + 1) * (h + 1) - 1;
	case WALK_SHADOW:
		return walked(plan->guest_levels, min_u64(plan->guest_leaf_bytes, plan->host_leaf_bytes));
	case WALK_NATIVE:
		return g;
	default:
		return h;
	}
}

static void bare_walks_are_theory(const struct simulation_input *in)
{
	struct simulation s = run(in);

	assert_int_equal(s.walks, s.accesses);
	assert_int_equal(s.theory_references, theory_of(&in->plan));
	assert_int_equal(references(&s), s.walks * theory_of(&in->plan));
	assert_int_equal(s.data_loads[LEVEL_MEMORY], s.accesses);
	assert_true(s.walk_cycles == (double)references(&s) * 1000);
}

TEST(without_caches_every_miss_reads_what_theory_has)
{
	static const enum workload_id workloads[] = { WORKLOAD_chase, WORKLOAD_packed, WORKLOAD_gups };
	struct cpu_model cpu = bare_cpu();
	struct simulation_input in = input_of(&cpu, WALK_NESTED, 20);

	in.accesses = 33;
	LOOP (int, kind, 0, kind < WALK_KIND_COUNT, kind++) {
		LOOP (uint32_t, c, 0, c < 36, c++) {
			in.plan = (struct walk_plan){ (enum walk_kind)kind, 4 + c % 2, 4 + c / 2 % 2,
						      leaves[c / 4 % 3], leaves[c / 12] };
			EACH (w, workloads) {
				in.workload = workloads[w];
				in.stride_bytes = 0;
				bare_walks_are_theory(&in);
			}
			in.workload = WORKLOAD_alias;
			for (in.stride_bytes = in.plan.guest_leaf_bytes;
			     kind != WALK_UNPAGED && in.stride_bytes <= 512 * PAGE_1G; in.stride_bytes *= 512)
				bare_walks_are_theory(&in);
		}
	}
}

/* What is left is the maximum that theory names. */
static void cpu_without_caches(struct cpu_model *cpu)
{
	static const enum cpu_parameter off[] = {
		CPU_DTLB_4K_SETS,
		CPU_DTLB_2M_SETS,
		CPU_DTLB_1G_SETS,
		CPU_STLB_4K_SETS,
		CPU_STLB_2M_SETS,
		CPU_STLB_1G_SETS,
		CPU_PWC_PDE_ENTRIES,
		CPU_PWC_PDPTE_ENTRIES,
		CPU_PWC_PML4E_ENTRIES,
		CPU_PWC_PML5E_ENTRIES,
		CPU_HOST_PWC_PDE_ENTRIES,
		CPU_HOST_PWC_PDPTE_ENTRIES,
		CPU_HOST_PWC_PML4E_ENTRIES,
		CPU_HOST_PWC_PML5E_ENTRIES,
		CPU_NESTED_TLB_ENTRIES,
		CPU_L1D_BYTES,
		CPU_L2_BYTES,
		CPU_L3_BYTES,
	};

	for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++)
		cpu->parameter[off[i]] = 0;
}

TEST(a_real_cpu_without_its_caches_too)
{
	struct error e = { .status = STATUS_OK };

	LOOP (uint32_t, i, 0, i < cpu_count(), i++) {
		struct cpu_model cpu;
		struct simulation_input in;
		struct simulation s;

		assert_int_equal(cpu_load(cpu_name(i), &cpu, &e), 0);
		cpu_without_caches(&cpu);
		in = input_of(&cpu, WALK_NESTED, 64);
		s = run(&in);
		assert_int_equal(references(&s), 64 * 24);
	}
}

/* Three pages in a TLB of two; four in one of four. Warm-up is not counted. */
TEST(a_tlb_holds_what_it_has_entries_for)
{
	struct cpu_model cpu = bare_cpu();
	struct simulation_input in = input_of(&cpu, WALK_NATIVE, 3);
	struct simulation s;

	give_tlb(&cpu, false, 1, 2);
	in.accesses = 30;
	assert_int_equal(run(&in).dtlb_misses, 30);
	give_tlb(&cpu, false, 1, 4);
	in.working_set_bytes = 4 * PAGE_4K;
	s = run(&in);
	assert_int_equal(s.dtlb_misses, 0);
	assert_true(s.cycles_per_access == 1000 && s.references_per_walk == 0);
	in.warm_passes = 0;
	assert_int_equal(run(&in).dtlb_misses, 4);
	/* All in the STLB: 7 cycles more and no walk. */
	in.warm_passes = 1;
	give_tlb(&cpu, false, 1, 2);
	give_tlb(&cpu, true, 2, 2);
	s = run(&in);
	assert_int_equal(s.walks, 0);
	assert_true(s.stlb_cycles == 7.0 * (double)s.dtlb_misses);
}

/* 1024 pages lie under two page directory entries; a cache of one of them saves three references of four, or none. */
TEST(a_walk_cache_saves_the_entries_above)
{
	struct cpu_model cpu = bare_cpu();
	struct simulation_input in = input_of(&cpu, WALK_NATIVE, 512);
	struct simulation s;
	uint64_t hits;

	cpu.parameter[CPU_PWC_PDE_ENTRIES] = 1;
	s = run(&in);
	assert_int_equal(s.walk.pwc_hits[2], 512);
	assert_int_equal(references(&s), 512);
	in.working_set_bytes = 1024 * PAGE_4K;
	s = run(&in);
	hits = s.walk.pwc_hits[2];
	assert_true(hits > 0 && hits < 1024);
	assert_int_equal(references(&s), 1024 * 4 - hits * 3);
	/* Under it one entry of the level above, which both share. */
	cpu.parameter[CPU_PWC_PDPTE_ENTRIES] = 1;
	s = run(&in);
	assert_int_equal(s.walk.pwc_hits[2], hits);
	assert_int_equal(s.walk.pwc_hits[3], 1024 - hits);
	assert_int_equal(references(&s), hits + (1024 - hits) * 2);
}

/* Nested, 4K on 4K: the hit leaves one guest entry, whose table's address is known, and the host walk of the data. */
TEST(in_two_dimensions_it_saves_the_host_walks_too)
{
	struct cpu_model cpu = bare_cpu();
	struct simulation_input in = input_of(&cpu, WALK_NESTED, 512);
	struct simulation s;

	cpu.parameter[CPU_PWC_PDE_ENTRIES] = 1;
	s = run(&in);
	assert_int_equal(s.walk.guest_references, 512);
	assert_int_equal(s.walk.host_references, 512 * 4);
	cpu.parameter[CPU_HOST_PWC_PDE_ENTRIES] = 1;
	s = run(&in);
	assert_int_equal(s.walk.host_pwc_hits[2], 512);
	assert_int_equal(s.walk.host_references, 512);
}

TEST(a_nested_tlb_hit_saves_one_host_walk)
{
	struct cpu_model cpu = bare_cpu();
	struct simulation_input in = input_of(&cpu, WALK_NESTED, 32);
	struct simulation s;

	/* Without walk caches each walk asks for four tables, always the same, and a page of data, always another. */
	cpu.parameter[CPU_NESTED_TLB_ENTRIES] = 8;
	s = run(&in);
	assert_int_equal(s.walk.nested_tlb_hits, 32 * 4);
	assert_int_equal(s.walk.nested_tlb_misses, 32);
	assert_int_equal(references(&s), 32 * 24 - s.walk.nested_tlb_hits * 4);
	/* With host pages of 2M the data's 32 pages are one of them. */
	in.plan.host_leaf_bytes = PAGE_2M;
	s = run(&in);
	assert_int_equal(s.walk.nested_tlb_misses, 0);
	assert_int_equal(references(&s), 32 * 4);
}

/* The smaller page of both fills the TLB, unless the CPU does not combine. */
TEST(a_tlb_entry_covers_the_smaller_page)
{
	struct cpu_model cpu = bare_cpu();
	struct simulation_input in = input_of(&cpu, WALK_NESTED, 512);

	give_tlb(&cpu, false, 1, 2);
	in.plan.guest_leaf_bytes = PAGE_2M;
	assert_int_equal(run(&in).tlb_leaf_bytes, PAGE_4K);
	assert_int_equal(run(&in).walks, 512);
	in.plan.host_leaf_bytes = PAGE_2M;
	assert_int_equal(run(&in).walks, 0);
	in.plan.host_leaf_bytes = PAGE_4K;
	cpu.parameter[CPU_TLB_COMBINED] = 0;
	assert_int_equal(run(&in).walks, 0);
}

/* Eight entries a line: 64 neighbouring pages have 8 lines of them, which an L1 cache of 64 lines keeps. */
TEST(entries_share_lines_of_the_cache)
{
	struct cpu_model cpu = bare_cpu();
	struct simulation_input in = input_of(&cpu, WALK_NATIVE, 64);
	struct simulation s;

	cpu.parameter[CPU_L1D_BYTES] = 128 * CACHE_LINE_BYTES;
	cpu.parameter[CPU_L1D_WAYS] = 128;
	in.warm_passes = 0;
	s = run(&in);
	/* One line of each upper level, and 8 of the lowest. */
	assert_int_equal(s.walk.guest_loads[LEVEL_MEMORY], 3 + 8);
	assert_int_equal(s.walk.guest_loads[LEVEL_L1], 64 * 4 - 11);
	assert_int_equal(s.data_loads[LEVEL_MEMORY], 64);
}

/* Alias: one line after another of the same 16, through tables that stay where they are. */
TEST(alias_has_few_lines_of_data)
{
	struct cpu_model cpu = bare_cpu();
	struct simulation_input in = input_of(&cpu, WALK_NESTED, 256);
	struct simulation s;

	cpu.parameter[CPU_L1D_BYTES] = 256 * CACHE_LINE_BYTES;
	cpu.parameter[CPU_L1D_WAYS] = 256;
	in.workload = WORKLOAD_alias;
	in.stride_bytes = PAGE_1G;
	s = run(&in);
	assert_int_equal(s.data_loads[LEVEL_L1], 256);
	assert_int_equal(references(&s), 256 * 24);
	in.stride_bytes = CACHE_LINE_BYTES;
	give_tlb(&cpu, false, 1, 8);
	assert_int_equal(run(&in).walks, 0);
}

static void refused(struct simulation_input in, int err)
{
	struct error e = { .status = STATUS_OK };
	struct simulation out;

	assert_int_equal(simulate(&in, &out, &e), err);
	assert_true(e.status != STATUS_OK && e.what[0] != '\0');
}

/* The bit of workloads.def is what the command line accepts. */
TEST(those_marked_are_simulated_and_no_others)
{
	struct cpu_model cpu = bare_cpu();
	struct simulation_input in = input_of(&cpu, WALK_NESTED, 16);

	LOOP (int, id, 0, id < WORKLOAD_COUNT, id++) {
		struct error e = { .status = STATUS_OK };
		struct simulation out;
		int expected = (workload_table[id].needs & IS_SIMULATED) != 0 ? 0 : -EINVAL;

		in.workload = (enum workload_id)id;
		in.stride_bytes = in.workload == WORKLOAD_alias ? CACHE_LINE_BYTES : 0;
		if (simulate(&in, &out, &e) != expected)
			fail_msg("%s is %s", workload_table[id].name,
				 expected == 0 ? "refused" : "simulated");
	}
}

TEST(what_cannot_be_simulated_is_refused)
{
	struct cpu_model cpu = bare_cpu();
	struct simulation_input in = input_of(&cpu, WALK_NESTED, 16), bad;

	bad = in;
	bad.working_set_bytes = PAGE_4K - 1;
	refused(bad, -EINVAL);
	bad = in;
	bad.plan.guest_leaf_bytes = 8 * KIB;
	refused(bad, -EINVAL);
	bad = in;
	bad.plan.host_levels = 3;
	refused(bad, -EINVAL);
	bad = in;
	bad.workload = WORKLOAD_alias;
	bad.stride_bytes = 3 * PAGE_4K;
	refused(bad, -EINVAL);
	bad = in;
	bad.working_set_bytes = SIMULATE_MOST_BYTES + PAGE_4K;
	refused(bad, -E2BIG);
	bad = in;
	bad.working_set_bytes = UINT64_MAX;
	refused(bad, -E2BIG);
	bad = in;
	bad.accesses = UINT64_MAX;
	refused(bad, -E2BIG);
	bad = in;
	cpu.parameter[CPU_L3_BYTES] = UINT64_MAX;
	refused(bad, -E2BIG);
}
