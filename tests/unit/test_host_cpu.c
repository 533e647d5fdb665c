/*
 * Measurements of a host become the parameters that they belong to, in their unit; what was not measured is converted and
 * says so. It could break by described cycles beside measured ones, or by a probe that overrules what it agrees with.
 *
 * The sets of a second-level TLB are found again in a curve that was made with them, also in a noisy one; where no point
 * fills it, no more sets are claimed than the points need. A wrong number here moves the knee of every prediction, and the
 * fitted constant would hide it.
 */
#include "test.h"
#include "units.h"
#include "vmm/lab/calibrate/host_cpu.h"
#include "vmm/theory/simulate/closed_form.h"

static struct cpu_model load(void)
{
	struct error e = { .status = STATUS_OK };
	struct cpu_model cpu;

	assert_int_equal(cpu_load("sapphirerapids", &cpu, &e), 0);
	return cpu;
}

static struct cpu_model described(void)
{
	struct cpu_model cpu = load();

	for (int i = 0; i < CPU_PARAMETER_COUNT; i++)
		cpu.origin[i] = ORIGIN_ASSUMED;
	cpu.parameter[CPU_L1D_CYCLES] = 5 * CYCLE_PARTS;
	cpu.parameter[CPU_L3_CYCLES] = 100 * CYCLE_PARTS;
	cpu.parameter[CPU_MEMORY_CYCLES] = 370 * CYCLE_PARTS;
	cpu.parameter[CPU_DTLB_4K_SETS] = 16;
	cpu.parameter[CPU_DTLB_4K_WAYS] = 4;
	return cpu;
}

TEST(measurements_replace_described_parameters)
{
	struct cpu_model cpu = described();
	struct host_measurements h = { .unit = "core cycles",
				       .l1_cycles = 4,
				       .l2_cycles = 12.6,
				       .memory_cycles = 200,
				       .stlb_cycles = 5.4 };

	host_cpu_apply(&cpu, &h);
	assert_string_equal(cpu.unit, "core cycles");
	assert_int_equal(cpu.parameter[CPU_L1D_CYCLES], 400);
	assert_int_equal(cpu.parameter[CPU_L2_CYCLES], 1260);
	assert_int_equal(cpu.parameter[CPU_MEMORY_CYCLES], 20000);
	assert_int_equal(cpu.parameter[CPU_STLB_HIT_CYCLES], 540);
	assert_int_equal(cpu.origin[CPU_L2_CYCLES], ORIGIN_MEASURED);
	/* 100 as described, of which five were measured as four. */
	assert_int_equal(cpu.parameter[CPU_L3_CYCLES], 8000);
	assert_int_equal(cpu.origin[CPU_L3_CYCLES], ORIGIN_ASSUMED);
	assert_non_null(strstr(cpu.source[CPU_L3_CYCLES], "ratio"));
	assert_int_equal(cpu.parameter[CPU_DTLB_4K_WAYS], 4);
}

TEST(nothing_measured_changes_no_parameter)
{
	struct cpu_model cpu = described(), before = cpu;
	struct host_measurements h = { .unit = "core cycles" };

	host_cpu_apply(&cpu, &h);
	assert_memory_equal(cpu.parameter, before.parameter, sizeof(before.parameter));
	LOOP (int, i, 0, i < CPU_PARAMETER_COUNT, i++)
		assert_int_equal(cpu.origin[i], ORIGIN_ASSUMED);
}

static struct host_measurements probed(uint64_t low, uint64_t high, enum tlb_sets sets, uint64_t ways)
{
	struct host_measurements h = { .unit = "core cycles", .l1_cycles = 5, .have_tlb = true };

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
	static const uint64_t few[] = { 512, 1024, 2048, 4096, 8192, 16384 };
	struct cpu_model cpu = described();
	struct host_measurements h = { .unit = "core cycles", .l1_cycles = 5, .stlb_cycles = 7 };

	cpu.parameter[CPU_STLB_4K_SETS] = 16;
	cpu.parameter[CPU_STLB_4K_WAYS] = 8;
	host_cpu_apply(&cpu, &h);
	assert_int_equal(cpu.parameter[CPU_STLB_4K_SETS], 16);
	assert_int_equal(cpu.origin[CPU_STLB_4K_SETS], ORIGIN_ASSUMED);
	for (size_t i = 0; i < COUNT_OF(few); i++)
		h.curve[h.stlb_points++] = (struct stlb_point){
			.pages = few[i],
			.packed_cycles = 5,
			.chase_cycles = few[i] <= 2048 ? 12 : 120,
		};
	host_cpu_apply(&cpu, &h);
	assert_in_range(cpu.parameter[CPU_STLB_4K_SETS], 256, 512);
	assert_int_equal(cpu.origin[CPU_STLB_4K_SETS], ORIGIN_MEASURED);
}

static const uint64_t pages[] = { 512, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384 };
#define POINTS COUNT_OF(pages)

/* A curve with so many sets and that walk constant; every second point a little high, the others low. */
static void make_curve(struct stlb_point *points, uint64_t sets, double constant, double noise)
{
	struct cpu_model cpu = load();

	cpu.parameter[CPU_STLB_4K_SETS] = sets;
	for (size_t i = 0; i < POINTS; i++) {
		const struct closed_form_input input = {
			.cpu = &cpu,
			.plan = { .kind = WALK_NATIVE, .guest_levels = 4, .guest_leaf_bytes = PAGE_4K },
			.pages = pages[i],
			.data_lines = pages[i],
			.data_cycles = 6,
			.walk_constant_cycles = constant,
		};
		struct closed_form_terms t;

		closed_form(&input, &t);
		points[i] = (struct stlb_point){
			.pages = pages[i],
			.packed_cycles = 6,
			.chase_cycles = t.total_cycles * (i % 2 == 0 ? 1 + noise : 1 - noise),
		};
	}
}

TEST(sets_are_found_again)
{
	static const uint64_t made[] = { 32, 64, 128, 256, 512 };
	struct stlb_point points[POINTS];
	struct cpu_model cpu = load();

	EACH (i, made) {
		LOOP (int, constant, 10, constant <= 610, constant += 200) {
			make_curve(points, made[i], constant, 0);
			assert_int_equal(stlb_fit_sets(&cpu, points, POINTS), made[i]);
			make_curve(points, made[i], constant, 0.03);
			assert_int_equal(stlb_fit_sets(&cpu, points, POINTS), made[i]);
		}
	}
}

/* 16384 pages over 4096 sets are a quarter of the ways: no point misses, and fewer sets would do as well. */
TEST(no_more_than_the_points_need)
{
	struct stlb_point points[POINTS];
	struct cpu_model cpu = load();
	uint64_t sets;

	make_curve(points, 4096, 50, 0);
	sets = stlb_fit_sets(&cpu, points, POINTS);
	assert_in_range(sets, 1024, 4096);
	assert_true(sets * cpu.parameter[CPU_STLB_4K_WAYS] >= 16384 * 3 / 4);
}

TEST(too_few_points_fit_no_sets)
{
	struct stlb_point points[POINTS];
	struct cpu_model cpu = load();

	make_curve(points, 128, 50, 0);
	assert_int_equal(stlb_fit_sets(&cpu, points, 2), 0);
	points[1].chase_cycles = 0;
	assert_int_equal(stlb_fit_sets(&cpu, points, POINTS), 0);
	make_curve(points, 128, 50, 0);
	cpu.parameter[CPU_STLB_4K_WAYS] = 0;
	assert_int_equal(stlb_fit_sets(&cpu, points, POINTS), 0);
}
