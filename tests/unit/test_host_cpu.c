/*
 * Figures that were measured on a host go where they belong, in TSC cycles, and what was not is converted and says so.
 * It could break by core cycles beside the TSC's, or by a probe that overrules what it agrees with.
 */

#include "test.h"
#include "units.h"
#include "vmm/lab/calibrate/host_cpu.h"

static struct cpu_model described(void)
{
	struct error e = { .status = STATUS_OK };
	struct cpu_model cpu;

	assert_int_equal(cpu_load("sapphirerapids", &cpu, &e), 0);
	for (int i = 0; i < CPU_PARAMETER_COUNT; i++)
		cpu.origin[i] = ORIGIN_ASSUMED;
	cpu.parameter[CPU_L1D_CYCLES] = 5 * CYCLE_PARTS;
	cpu.parameter[CPU_L3_CYCLES] = 100 * CYCLE_PARTS;
	cpu.parameter[CPU_MEMORY_CYCLES] = 370 * CYCLE_PARTS;
	cpu.parameter[CPU_DTLB_4K_SETS] = 16;
	cpu.parameter[CPU_DTLB_4K_WAYS] = 4;
	return cpu;
}

TEST(measured_figures_replace_described_ones)
{
	struct cpu_model cpu = described();
	struct host_measurements h = {
		.l1_cycles = 4, .l2_cycles = 12.6, .memory_cycles = 200, .stlb_cycles = 5.4
	};

	host_cpu_apply(&cpu, &h);
	assert_string_equal(cpu.unit, "TSC cycles");
	assert_int_equal(cpu.parameter[CPU_L1D_CYCLES], 400);
	assert_int_equal(cpu.parameter[CPU_L2_CYCLES], 1260);
	assert_int_equal(cpu.parameter[CPU_MEMORY_CYCLES], 20000);
	assert_int_equal(cpu.parameter[CPU_STLB_HIT_CYCLES], 540);
	assert_int_equal(cpu.origin[CPU_L2_CYCLES], ORIGIN_MEASURED);
	/* 100 core cycles, of which five are four of the TSC. */
	assert_int_equal(cpu.parameter[CPU_L3_CYCLES], 8000);
	assert_int_equal(cpu.origin[CPU_L3_CYCLES], ORIGIN_ASSUMED);
	assert_non_null(strstr(cpu.source[CPU_L3_CYCLES], "TSC"));
	assert_int_equal(cpu.parameter[CPU_DTLB_4K_WAYS], 4);
}

TEST(nothing_measured_changes_no_figure)
{
	struct cpu_model cpu = described(), before = cpu;
	struct host_measurements h = { 0 };

	host_cpu_apply(&cpu, &h);
	assert_memory_equal(cpu.parameter, before.parameter, sizeof(before.parameter));
	LOOP (int, i, 0, i < CPU_PARAMETER_COUNT, i++)
		assert_int_equal(cpu.origin[i], ORIGIN_ASSUMED);
}

static struct host_measurements probed(uint64_t low, uint64_t high, enum tlb_sets sets, uint64_t ways)
{
	struct host_measurements h = { .l1_cycles = 5, .have_tlb = true };

	h.tlb.dtlb.reach = (struct tlb_knee){ .found = true, .low_pages = low, .high_pages = high };
	h.tlb.dtlb.sets = sets;
	h.tlb.dtlb.ways = (struct tlb_knee){ .found = ways != 0, .low_pages = ways, .high_pages = ways + 2 };
	return h;
}

TEST(the_probe_decides_where_it_found_another_reach)
{
	struct cpu_model cpu = described();
	struct host_measurements h = probed(64, 80, TLB_SETS_LINEAR, 4);

	host_cpu_apply(&cpu, &h);
	assert_int_equal(cpu.origin[CPU_DTLB_4K_SETS], ORIGIN_ASSUMED);
	/* 96 to 112 entries and 6 ways: 16 sets. */
	h = probed(96, 112, TLB_SETS_LINEAR, 6);
	host_cpu_apply(&cpu, &h);
	assert_int_equal(cpu.parameter[CPU_DTLB_4K_SETS], 16);
	assert_int_equal(cpu.parameter[CPU_DTLB_4K_WAYS], 6);
	assert_int_equal(cpu.origin[CPU_DTLB_4K_WAYS], ORIGIN_MEASURED);
	h = probed(64, 72, TLB_SETS_NONE, 0);
	host_cpu_apply(&cpu, &h);
	assert_int_equal(cpu.parameter[CPU_DTLB_4K_SETS], 1);
	assert_int_equal(cpu.parameter[CPU_DTLB_4K_WAYS], 64);
}

/* What one load costs on a host whose STLB is far larger than CPUID says: it misses the dTLB alone up to 2048 pages. */
TEST(the_curve_decides_about_the_stlb)
{
	static const uint64_t pages[] = { 512, 1024, 2048, 4096, 8192, 16384 };
	struct cpu_model cpu = described();
	struct host_measurements h = { .l1_cycles = 5, .stlb_cycles = 7 };

	cpu.parameter[CPU_STLB_4K_SETS] = 16;
	cpu.parameter[CPU_STLB_4K_WAYS] = 8;
	host_cpu_apply(&cpu, &h);
	assert_int_equal(cpu.parameter[CPU_STLB_4K_SETS], 16);
	assert_int_equal(cpu.origin[CPU_STLB_4K_SETS], ORIGIN_ASSUMED);
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		h.curve[h.stlb_points++] = (struct stlb_point){
			.pages = pages[i],
			.packed_cycles = 5,
			.chase_cycles = pages[i] <= 2048 ? 12 : 120,
		};
	host_cpu_apply(&cpu, &h);
	assert_in_range(cpu.parameter[CPU_STLB_4K_SETS], 256, 512);
	assert_int_equal(cpu.origin[CPU_STLB_4K_SETS], ORIGIN_MEASURED);
}
