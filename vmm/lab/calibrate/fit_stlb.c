#include "vmm/lab/calibrate/fit_stlb.h"

#include <math.h>

#include "units.h"
#include "vmm/theory/simulate/closed_form.h"

#define LEAST_POINTS 3
#define MOST_SETS 4096

/* A smaller difference of the mean square of relative errors is noise. */
#define AS_GOOD 1e-6

static void terms_of(const struct cpu_model *cpu, const struct stlb_point *point,
		     struct closed_form_terms *terms)
{
	const struct closed_form_input input = {
		.cpu = cpu,
		.plan = { .kind = WALK_NATIVE, .guest_levels = 4, .guest_leaf_bytes = PAGE_4K },
		.pages = point->pages,
		.data_lines = point->pages,
		.data_cycles = point->packed_cycles,
	};

	closed_form(&input, terms);
}

/* Mean square of the relative errors that are left with the walk constant that fits these points best. */
static double residual(const struct cpu_model *cpu, const struct stlb_point *points, size_t count)
{
	struct closed_form_fit fit = { 0 };
	struct closed_form_terms t;
	double sum = 0;

	for (size_t i = 0; i < count; i++) {
		terms_of(cpu, &points[i], &t);
		closed_form_fit_add(&fit, &t, points[i].chase_cycles);
	}
	for (size_t i = 0; i < count; i++) {
		double error;

		terms_of(cpu, &points[i], &t);
		error = (t.total_cycles + t.stlb_missing * closed_form_fit_constant(&fit) -
			 points[i].chase_cycles) /
			points[i].chase_cycles;
		sum += error * error;
	}
	return sum / (double)count;
}

uint64_t stlb_fit_sets(const struct cpu_model *cpu, const struct stlb_point *points, size_t count)
{
	struct cpu_model tried = *cpu;
	uint64_t best_sets = 0;
	double best = INFINITY;

	if (count < LEAST_POINTS || cpu->parameter[CPU_STLB_4K_WAYS] == 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (!(points[i].chase_cycles > 0) || points[i].pages == 0)
			return 0;
	}
	for (uint64_t sets = 1; sets <= MOST_SETS; sets *= 2) {
		double left;

		tried.parameter[CPU_STLB_4K_SETS] = sets;
		left = residual(&tried, points, count);
		if (left < best - AS_GOOD) {
			best = left;
			best_sets = sets;
		}
	}
	return best_sets;
}
