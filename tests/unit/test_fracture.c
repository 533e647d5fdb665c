/*
 * Where a hypervisor below maps a large page in small ones, or the STLB keeps 1G as pieces of 2M, a TLB holds the pieces:
 * reach, closed form and simulation have to count those. A model that believed the page would predict no misses at all
 * where every access misses, and the fitted constant would silently take the blame.
 */
#include "test.h"
#include "units.h"
#include "vmm/theory/simulate/closed_form.h"
#include "vmm/theory/simulate/simulate.h"

static struct cpu_model load(const char *name)
{
	struct error e = { .status = STATUS_OK };
	struct cpu_model cpu;

	assert_int_equal(cpu_load(name, &cpu, &e), 0);
	return cpu;
}

static struct walk_plan native(uint64_t leaf_bytes)
{
	return (struct walk_plan){ .kind = WALK_NATIVE, .guest_levels = 4, .guest_leaf_bytes = leaf_bytes };
}

TEST(entries)
{
	struct cpu_model cpu = load("zen2");

	assert_true(cpu_tlb(&cpu, false, PAGE_1G).entry_bytes == PAGE_1G);
	assert_true(cpu_tlb(&cpu, true, PAGE_1G).entry_bytes == PAGE_2M);
	assert_true(cpu_tlb(&cpu, true, PAGE_2M).entry_bytes == PAGE_2M);
	cpu.fracture_bytes = PAGE_4K;
	assert_true(cpu_tlb(&cpu, false, PAGE_1G).entry_bytes == PAGE_4K);
	assert_true(cpu_tlb(&cpu, true, PAGE_1G).entry_bytes == PAGE_4K);
	assert_true(cpu_tlb(&cpu, true, PAGE_4K).entry_bytes == PAGE_4K);
}

static struct closed_form_terms terms_of(const struct cpu_model *cpu, uint64_t leaf_bytes, uint64_t pages)
{
	const struct closed_form_input input = {
		.cpu = cpu,
		.plan = native(leaf_bytes),
		.pages = pages,
		.data_lines = pages,
		.data_cycles = 4,
	};
	struct closed_form_terms terms;

	closed_form(&input, &terms);
	return terms;
}

/* 2M pages in pieces of 4K miss as 4K pages do; whole ones do not miss at all. */
TEST(closed_form_counts_pieces)
{
	struct cpu_model cpu = load("skylake");
	struct closed_form_terms small = terms_of(&cpu, PAGE_4K, 8192), whole = terms_of(&cpu, PAGE_2M, 8192);
	struct closed_form_terms pieces;

	assert_true(whole.dtlb_missing == 0 && whole.stlb_missing == 0);
	cpu.fracture_bytes = PAGE_4K;
	pieces = terms_of(&cpu, PAGE_2M, 8192);
	assert_true(pieces.translations == 8192);
	assert_true(pieces.dtlb_missing == small.dtlb_missing && pieces.stlb_missing == small.stlb_missing);
	assert_true(small.stlb_missing > 0.9);
	/* What a walk reads is the page table's own: one entry for each 2M still. */
	assert_true(pieces.guest_read_cycles < small.guest_read_cycles);
}

static struct simulation simulated(const struct cpu_model *cpu, uint64_t leaf_bytes)
{
	const struct simulation_input input = {
		.cpu = cpu,
		.plan = native(leaf_bytes),
		.workload = WORKLOAD_chase,
		.working_set_bytes = 8192 * PAGE_4K,
		.seed = 1,
		.warm_passes = 2,
	};
	struct error e = { .status = STATUS_OK };
	struct simulation out;

	assert_int_equal(simulate(&input, &out, &e), 0);
	return out;
}

TEST(simulation_counts_pieces)
{
	struct cpu_model cpu = load("skylake");
	struct simulation small = simulated(&cpu, PAGE_4K), whole = simulated(&cpu, PAGE_2M), pieces;

	assert_true(whole.walks == 0);
	cpu.fracture_bytes = PAGE_4K;
	pieces = simulated(&cpu, PAGE_2M);
	assert_true(pieces.dtlb_misses == small.dtlb_misses && pieces.stlb_misses == small.stlb_misses);
	assert_true(pieces.tlb_leaf_bytes == PAGE_4K && pieces.walks == small.walks && small.walks > 4096);
}

/* 1G pages on a CPU whose STLB keeps pieces of 2M reach as far as so many 2M pages, no further. */
TEST(reach_counts_pieces)
{
	struct cpu_model cpu = load("zen2");
	struct walk_plan plan = native(PAGE_1G);
	struct random_access access;

	random_access_predict(&cpu, &plan, PAGE_1G, 16 * TIB, &access);
	assert_true(access.dtlb_entry_bytes == PAGE_1G && access.stlb_entry_bytes == PAGE_2M);
	assert_true(access.stlb_entries >= 1024);
	/* 16T are 2^23 pieces of 2M: next to all miss. As 2^14 pages of 1G an eighth would hit. */
	assert_true(access.terms.stlb_missing > 0.99);
	/* All of it is in memory, and a walk beside it costs something. */
	assert_true(access.data_cycles > 0.99 * cpu_cycles(&cpu, CPU_MEMORY_CYCLES));
	assert_true(access.terms.total_cycles > access.data_cycles);
	random_access_predict(&cpu, &plan, PAGE_1G, 16 * KIB, &access);
	assert_true(access.data_cycles == cpu_cycles(&cpu, CPU_L1D_CYCLES) && access.terms.dtlb_missing == 0);
}
