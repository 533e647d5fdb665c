#include "vmm/theory/simulate/prediction.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static int by_pages(const void *a, const void *b)
{
	const struct prediction_point *x = a, *y = b;

	if (x->pages != y->pages)
		return x->pages > y->pages ? 1 : -1;
	/* The order of the input must not decide which half is fitted to. */
	return (x->measured_cycles > y->measured_cycles) - (x->measured_cycles < y->measured_cycles);
}

static bool usable(const struct prediction *p)
{
	if (p->count == 0 || p->count > PREDICTION_MOST_POINTS || !walk_plan_is_valid(&p->plan))
		return false;
	for (uint32_t i = 0; i < p->count; i++) {
		const struct prediction_point *point = &p->points[i];

		if (point->pages == 0 || !isfinite(point->data_cycles) || !isfinite(point->measured_cycles) ||
		    point->measured_cycles <= 0)
			return false;
	}
	return true;
}

static double predict(const struct cpu_model *cpu, const struct prediction *p,
		      const struct prediction_point *point, double constant, struct closed_form_terms *terms)
{
	const struct closed_form_input input = {
		.cpu = cpu,
		.plan = p->plan,
		.pages = point->pages,
		.data_lines = point->pages,
		.data_cycles = point->data_cycles,
		.walk_constant_cycles = constant,
	};

	closed_form(&input, terms);
	return terms->total_cycles;
}

/* Fit the constant to the points of even index. Without a fit every point is held out. */
static void fit(const struct cpu_model *cpu, struct prediction *p)
{
	struct closed_form_fit sums = { 0 };

	for (uint32_t i = 0; i < p->count; i += 2) {
		struct closed_form_terms terms;

		(void)predict(cpu, p, &p->points[i], 0, &terms);
		closed_form_fit_add(&sums, &terms, p->points[i].measured_cycles);
	}
	p->fitted = sums.square > 0;
	p->walk_constant_cycles = closed_form_fit_constant(&sums);
	for (uint32_t i = 0; i < p->count; i++)
		p->points[i].held_out = !p->fitted || i % 2 == 1;
}

int prediction_make(const struct cpu_model *cpu, struct prediction *out)
{
	if (!usable(out))
		return -EINVAL;
	qsort(out->points, out->count, sizeof(out->points[0]), by_pages);
	(void)snprintf(out->cpu, sizeof(out->cpu), "%s", cpu->name);
	(void)snprintf(out->unit, sizeof(out->unit), "%s", cpu->unit);
	out->mean_error = out->most_error = 0;
	out->fitted_count = out->held_out_count = 0;
	fit(cpu, out);
	for (uint32_t i = 0; i < out->count; i++) {
		struct prediction_point *point = &out->points[i];

		point->uncalibrated_cycles = predict(cpu, out, point, 0, &point->terms);
		point->predicted_cycles = predict(cpu, out, point, out->walk_constant_cycles, &point->terms);
		point->error = (point->predicted_cycles - point->measured_cycles) / point->measured_cycles;
		out->fitted_count += !point->held_out;
		if (!point->held_out)
			continue;
		out->held_out_count++;
		out->mean_error += fabs(point->error);
		out->most_error = fmax(out->most_error, fabs(point->error));
	}
	if (out->held_out_count != 0)
		out->mean_error /= out->held_out_count;
	return 0;
}
