/*
 * The sets of a second-level TLB are found again in a curve that was made with them, also where it is noisy; and where no
 * point fills it, so many are claimed as the points need and no more. A wrong number here moves the knee of every
 * prediction, and the fitted constant would hide it.
 */
#include "test.h"
#include "units.h"
#include "vmm/lab/calibrate/host_cpu.h"
#include "vmm/theory/simulate/closed_form.h"

static const uint64_t pages[] = { 512, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384 };
#define POINTS (sizeof(pages) / sizeof(pages[0]))

static struct cpu_model load(void)
{
	struct error e = { .status = STATUS_OK };
	struct cpu_model cpu;

	assert_int_equal(cpu_load("sapphirerapids", &cpu, &e), 0);
	return cpu;
}

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

TEST(found_again)
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

TEST(nothing_to_go_by)
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
