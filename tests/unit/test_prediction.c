/*
 * A prediction is fitted to half of what was measured and judged by the other half. It would look better than it is if the
 * error came from points that the constant was fitted to, if a constant were named where nothing walks, or if the order
 * of the points decided which half is which.
 */
#include <errno.h>
#include <math.h>

#include "test.h"
#include "units.h"
#include "vmm/theory/simulate/closed_form.h"

static const struct walk_plan nested = {
	.kind = WALK_NESTED,
	.guest_levels = 4,
	.host_levels = 4,
	.guest_leaf_bytes = PAGE_4K,
	.host_leaf_bytes = PAGE_4K,
};

static struct cpu_model load(const char *name)
{
	struct error e = { .status = STATUS_OK };
	struct cpu_model cpu;

	assert_int_equal(cpu_load(name, &cpu, &e), 0);
	return cpu;
}

/* What the closed form itself gives for that constant. */
static double made(const struct cpu_model *cpu, const struct walk_plan *plan, uint64_t pages, double data,
		   double constant)
{
	struct closed_form_terms terms;
	const struct closed_form_input input = {
		.cpu = cpu,
		.plan = *plan,
		.pages = pages,
		.data_lines = pages,
		.data_cycles = data,
		.walk_constant_cycles = constant,
	};

	closed_form(&input, &terms);
	return terms.total_cycles;
}

static const uint64_t sizes[] = { 65536, 64, 4096, 128, 16384, 1024 };
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static void fill(struct prediction *p, const struct cpu_model *cpu, const struct walk_plan *plan,
		 double constant)
{
	*p = (struct prediction){ .plan = *plan, .count = SIZES };
	for (uint32_t i = 0; i < SIZES; i++) {
		p->points[i].pages = sizes[i];
		p->points[i].data_cycles = 5;
		p->points[i].measured_cycles = made(cpu, plan, sizes[i], 5, constant);
	}
}

TEST(recovers_the_constant)
{
	struct cpu_model cpu = load("skylake");
	struct prediction p;

	fill(&p, &cpu, &nested, 37);
	assert_int_equal(prediction_make(&cpu, &p), 0);
	assert_true(p.fitted && fabs(p.walk_constant_cycles - 37) < 1e-6);
	assert_true(p.fitted_count == 3 && p.held_out_count == 3);
	assert_true(p.mean_error < 1e-9 && p.most_error < 1e-9);
	assert_string_equal(p.cpu, "skylake");
	LOOP (uint32_t, i, 0, i < p.count, i++) {
		assert_true(i == 0 || p.points[i].pages > p.points[i - 1].pages);
		assert_true(p.points[i].held_out == (i % 2 == 1));
		assert_true(p.points[i].uncalibrated_cycles <= p.points[i].predicted_cycles + 1e-9);
	}
	/* Without a fit the prediction is too low by what the constant stands for. */
	assert_true(p.points[SIZES - 1].predicted_cycles - p.points[SIZES - 1].uncalibrated_cycles > 30);
}

/* Spoil one point: the error is in the report if it was held out, and in the constant if it was fitted to. */
TEST(the_error_is_of_the_other_half)
{
	struct cpu_model cpu = load("skylake");
	struct prediction p;

	fill(&p, &cpu, &nested, 37);
	for (uint32_t i = 0; i < SIZES; i++) {
		if (p.points[i].pages == 65536)
			p.points[i].measured_cycles *= 2;
	}
	assert_int_equal(prediction_make(&cpu, &p), 0);
	assert_true(p.points[SIZES - 1].held_out && fabs(p.walk_constant_cycles - 37) < 1e-6);
	assert_true(fabs(p.most_error - 0.5) < 1e-6 && fabs(p.mean_error - 0.5 / 3) < 1e-6);
	assert_true(fabs(p.points[SIZES - 1].error + 0.5) < 1e-6);

	fill(&p, &cpu, &nested, 37);
	for (uint32_t i = 0; i < SIZES; i++) {
		if (p.points[i].pages == 16384)
			p.points[i].measured_cycles *= 2;
	}
	assert_int_equal(prediction_make(&cpu, &p), 0);
	assert_true(p.walk_constant_cycles > 38 && p.most_error > 0.01);
}

TEST(nothing_walks)
{
	struct cpu_model cpu = load("skylake");
	struct prediction p = { .plan = nested, .count = 2 };

	p.points[0] = (struct prediction_point){ .pages = 8, .data_cycles = 5, .measured_cycles = 5 };
	p.points[1] = (struct prediction_point){ .pages = 16, .data_cycles = 5, .measured_cycles = 6 };
	assert_int_equal(prediction_make(&cpu, &p), 0);
	assert_true(!p.fitted && p.walk_constant_cycles == 0);
	/* Nothing was fitted, so all of it is a test. */
	assert_true(p.fitted_count == 0 && p.held_out_count == 2 && p.most_error > 0.1);
}

TEST(refused)
{
	struct cpu_model cpu = load("skylake");
	struct prediction p = { .plan = nested };

	assert_int_equal(prediction_make(&cpu, &p), -EINVAL);
	p.count = PREDICTION_MOST_POINTS + 1;
	assert_int_equal(prediction_make(&cpu, &p), -EINVAL);
	p.count = 1;
	p.points[0] = (struct prediction_point){ .pages = 64, .data_cycles = NAN, .measured_cycles = 5 };
	assert_int_equal(prediction_make(&cpu, &p), -EINVAL);
	p.points[0] = (struct prediction_point){ .pages = 64, .data_cycles = 5, .measured_cycles = 0 };
	assert_int_equal(prediction_make(&cpu, &p), -EINVAL);
	p.points[0] = (struct prediction_point){ .pages = 0, .data_cycles = 5, .measured_cycles = 5 };
	assert_int_equal(prediction_make(&cpu, &p), -EINVAL);
}

/* As large as the points may be: nothing is written behind them. */
TEST(all_points)
{
	struct cpu_model cpu = load("zen3");
	struct prediction p = { .plan = nested, .count = PREDICTION_MOST_POINTS };

	for (uint32_t i = 0; i < p.count; i++) {
		uint64_t pages = UINT64_C(1) << (i % 40);

		p.points[i] = (struct prediction_point){
			.pages = pages, .data_cycles = 4, .measured_cycles = made(&cpu, &nested, pages, 4, 11)
		};
	}
	assert_int_equal(prediction_make(&cpu, &p), 0);
	assert_true(p.fitted && fabs(p.walk_constant_cycles - 11) < 1e-6 && p.most_error < 1e-9);
}
