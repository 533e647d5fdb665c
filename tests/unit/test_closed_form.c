/*
 * The closed form is the formula it claims, term by term, and the simulation agrees with it. It could break by a wrong
 * regime of a term: at the ends of a TLB, or for a table whose entries share lines. Fits are in test_prediction.c.
 */
#include <errno.h>
#include <math.h>

#include "test.h"
#include "sim_cpu.h"
#include "units.h"
#include "vmm/theory/simulate/closed_form.h"
#include "vmm/theory/simulate/simulate.h"

static struct cpu_model some_cpu(void)
{
	struct cpu_model cpu = bare_cpu();

	give_tlb(&cpu, false, 16, 6);
	give_tlb(&cpu, true, 128, 16);
	cpu.parameter[CPU_STLB_HASHED] = 1;
	cpu.parameter[CPU_L1D_BYTES] = 48 * KIB;
	cpu.parameter[CPU_L2_BYTES] = 2 * MIB;
	cpu.parameter[CPU_L3_BYTES] = 64 * MIB;
	return cpu;
}

static struct closed_form_terms at(const struct cpu_model *cpu, enum walk_kind kind, uint64_t pages)
{
	struct closed_form_input in = {
		.cpu = cpu,
		.plan = { kind, 4, 4, PAGE_4K, PAGE_4K },
		.pages = pages,
		.data_lines = pages,
		.data_cycles = 5,
		.walk_constant_cycles = 20,
	};
	struct closed_form_terms t;

	closed_form(&in, &t);
	return t;
}

static void about(double value, double expected, double within)
{
	if (fabs(value - expected) > within)
		fail_msg("%g is not %g", value, expected);
}

TEST(the_dtlb_fills_and_then_loses_all)
{
	struct cpu_model cpu = some_cpu();

	about(at(&cpu, WALK_NATIVE, 1).total_cycles, 5, 1e-9);
	about(at(&cpu, WALK_NATIVE, 96).dtlb_missing, 0, 0);
	about(at(&cpu, WALK_NATIVE, 112).dtlb_missing, 0.5, 1e-9);
	about(at(&cpu, WALK_NATIVE, 128).dtlb_missing, 1, 0);
	about(at(&cpu, WALK_NATIVE, 4096 * 64).dtlb_missing, 1, 0);
	/* 5 + 7 and nothing of a walk: 256 pages over 128 sets of 16. */
	about(at(&cpu, WALK_NATIVE, 256).total_cycles, 12, 1e-6);
}

/* P[Poisson(2) >= 3] = 1 - e^-2 (1 + 2 + 2). */
TEST(the_stlb_overflows_by_chance)
{
	struct cpu_model cpu = some_cpu();

	give_tlb(&cpu, true, 128, 3);
	about(at(&cpu, WALK_NATIVE, 256).stlb_missing, 1 - exp(-2) * 5, 1e-9);
	give_tlb(&cpu, true, 128, 16);
	about(at(&cpu, WALK_NATIVE, 1 << 20).stlb_missing, 1, 1e-9);
	cpu.parameter[CPU_STLB_HASHED] = 0;
	about(at(&cpu, WALK_NATIVE, 2048).stlb_missing, 0, 0);
	about(at(&cpu, WALK_NATIVE, 2048 + 128).stlb_missing, 0.5, 1e-9);
}

TEST(reads_are_weighted_by_what_holds_them)
{
	struct cpu_model cpu = some_cpu();
	struct closed_form_terms t = at(&cpu, WALK_NATIVE, 64);

	/* 64 lines and 8 of entries fit L1: 1 cycle. Natively there is no second dimension. */
	about(t.guest_read_cycles, 1, 1e-9);
	about(t.host_read_cycles, 0, 0);
	about(t.walk_cycles, 21, 1e-9);
	/* All that there is fits no cache: memory, but for what little each holds. */
	t = at(&cpu, WALK_NESTED, UINT64_C(1) << 34);
	assert_true(t.guest_read_cycles > 990 && t.guest_read_cycles < 1000);
	about(t.host_read_cycles, t.guest_read_cycles, 1e-6);
	/* Two dimensions crowd the caches more than one. */
	assert_true(at(&cpu, WALK_NESTED, 1 << 20).guest_read_cycles >
		    at(&cpu, WALK_NATIVE, 1 << 20).guest_read_cycles);
	about(at(&cpu, WALK_UNPAGED, 1 << 20).guest_read_cycles, 0, 0);
}

TEST(leaves_set_the_number_of_translations)
{
	struct cpu_model cpu = some_cpu();
	struct closed_form_input in = {
		.cpu = &cpu,
		.plan = { WALK_NESTED, 4, 4, PAGE_2M, PAGE_2M },
		.pages = 512 * 10 + 1,
		.data_lines = 512 * 10 + 1,
	};
	struct closed_form_terms t;

	closed_form(&in, &t);
	assert_int_equal(t.translations, 11);
	about(t.dtlb_missing, 0, 0);
	in.plan.host_leaf_bytes = PAGE_4K;
	closed_form(&in, &t);
	assert_int_equal(t.translations, 5121);
	/* Independent accesses: 1 - C / n, where C entries are kept of n. */
	in.independent = true;
	closed_form(&in, &t);
	about(t.dtlb_missing, 1 - 96.0 / 5121, 1e-9);
	about(t.stlb_missing, 1 - 2048.0 / 5121, 1e-9);
}

/* Exact counts beside the formula, away from the knees: a chase on a real description, in each kind of tables. */
TEST(the_simulation_agrees)
{
	static const uint64_t pages[] = { 64, 256, 512, 4096, 16384 };
	struct error e = { .status = STATUS_OK };
	struct cpu_model cpu;

	assert_int_equal(cpu_load("zen3", &cpu, &e), 0);
	LOOP (int, kind, 0, kind < WALK_KIND_COUNT, kind++) {
		EACH (i, pages) {
			struct simulation_input in = {
				.cpu = &cpu,
				.plan = { (enum walk_kind)kind, 4, 4, PAGE_4K, PAGE_4K },
				.workload = WORKLOAD_chase,
				.working_set_bytes = pages[i] * PAGE_4K,
				.warm_passes = 2,
			};
			struct simulation_row row;

			assert_int_equal(simulation_row_make(&in, 0, &row, &e), 0);
			about(row.closed.dtlb_missing, (double)row.counts.dtlb_misses / (double)pages[i],
			      0.02);
			about(row.closed.stlb_missing, (double)row.counts.stlb_misses / (double)pages[i],
			      0.03);
			about(row.closed.total_cycles / row.counts.cycles_per_access, 1, 0.1);
		}
	}
}
