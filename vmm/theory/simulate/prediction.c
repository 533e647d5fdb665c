#include "vmm/theory/simulate/prediction.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "vmm/theory/simulate/tables.h"

static int by_pages(const void *a, const void *b)
{
	const struct prediction_point *x = a, *y = b;

	if (x->pages != y->pages)
		return x->pages > y->pages ? 1 : -1;
	/* Never equal where it matters: closed_form_fit() has to share out the same halves. */
	return (x->measured_cycles > y->measured_cycles) - (x->measured_cycles < y->measured_cycles);
}

static bool usable(const struct prediction *p)
{
	struct tables tables;

	if (p->count == 0 || p->count > PREDICTION_MOST_POINTS || !tables_make(&p->plan, false, &tables))
		return false;
	for (uint32_t i = 0; i < p->count; i++) {
		const struct prediction_point *point = &p->points[i];

		if (point->pages == 0 || !isfinite(point->data_cycles) || !isfinite(point->measured_cycles) ||
		    point->measured_cycles <= 0)
			return false;
	}
	return true;
}

/* *input without a constant; what there is of one is in *p. */
static int fit(struct closed_form_input *input, struct prediction *p)
{
	struct closed_form_point points[PREDICTION_MOST_POINTS];
	struct closed_form_fit found;
	int ret;

	for (uint32_t i = 0; i < p->count; i++) {
		const struct prediction_point *from = &p->points[i];

		points[i] = (struct closed_form_point){
			.pages = from->pages,
			.data_lines = from->pages,
			.data_cycles = from->data_cycles,
			.total_cycles = from->measured_cycles,
		};
	}
	ret = closed_form_fit(input, points, p->count, &found);
	p->fitted = ret == 0;
	if (ret == 0)
		p->walk_constant_cycles = found.walk_constant_cycles;
	return ret == -ENODATA ? 0 : ret;
}

static double predict(struct closed_form_input *input, double constant, struct closed_form_terms *terms)
{
	input->walk_constant_cycles = constant;
	closed_form(input, terms);
	return terms->total_cycles;
}

int prediction_make(const struct cpu_model *cpu, struct prediction *out)
{
	struct closed_form_input input = { .cpu = cpu, .plan = out->plan };
	int ret;

	if (!usable(out))
		return -EINVAL;
	qsort(out->points, out->count, sizeof(out->points[0]), by_pages);
	(void)snprintf(out->cpu, sizeof(out->cpu), "%s", cpu->name);
	(void)snprintf(out->unit, sizeof(out->unit), "%s", cpu->unit);
	out->walk_constant_cycles = out->mean_error = out->most_error = 0;
	out->fitted_count = out->held_out_count = 0;
	ret = fit(&input, out);
	if (ret != 0)
		return ret;
	for (uint32_t i = 0; i < out->count; i++) {
		struct prediction_point *point = &out->points[i];

		input.pages = input.data_lines = point->pages;
		input.data_cycles = point->data_cycles;
		point->uncalibrated_cycles = predict(&input, 0, &point->terms);
		point->predicted_cycles = predict(&input, out->walk_constant_cycles, &point->terms);
		point->error = (point->predicted_cycles - point->measured_cycles) / point->measured_cycles;
		/* As closed_form_fit() shares them out: even ones are fitted to. Without a fit nothing was. */
		point->held_out = !out->fitted || i % 2 == 1;
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
