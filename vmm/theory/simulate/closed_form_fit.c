/*
 * One constant, fitted to every second point and judged by the others.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/theory/simulate/closed_form.h"

static int by_pages(const void *a, const void *b)
{
	const struct closed_form_point *x = a, *y = b;

	if (x->pages != y->pages)
		return x->pages > y->pages ? 1 : -1;
	return (x->total_cycles > y->total_cycles) - (x->total_cycles < y->total_cycles);
}

static void predict(const struct closed_form_input *input, const struct closed_form_point *point,
		    double constant, struct closed_form_terms *out)
{
	struct closed_form_input in = *input;

	in.pages = point->pages;
	in.data_lines = point->data_lines;
	in.data_cycles = point->data_cycles;
	in.walk_constant_cycles = constant;
	closed_form(&in, out);
}

/*
 * Least squares of what is left at constant 0 against m2, each relative to what was measured, as the errors are: else the
 * largest working set alone would decide.
 */
static int fit(const struct closed_form_input *input, const struct closed_form_point *points, size_t count,
	       struct closed_form_fit *out)
{
	double product = 0, square = 0;

	for (size_t i = 0; i < count; i += 2) {
		struct closed_form_terms t;
		double share;

		predict(input, &points[i], 0, &t);
		share = t.stlb_missing / points[i].total_cycles;
		product += share * (points[i].total_cycles - t.total_cycles) / points[i].total_cycles;
		square += share * share;
		out->fitted++;
	}
	if (square <= 0)
		return -ENODATA;
	/* A walk that costs less than reading its leaf entries is noise, and would make some T(n) less than nothing. */
	out->walk_constant_cycles = fmax(product / square, 0);
	return 0;
}

int closed_form_fit(const struct closed_form_input *input, const struct closed_form_point *points,
		    size_t count, struct closed_form_fit *out)
{
	struct closed_form_point *sorted;
	int ret;

	*out = (struct closed_form_fit){ 0 };
	if (count > CLOSED_FORM_MOST_POINTS)
		return -EINVAL;
	if (count == 0)
		return -ENODATA;
	sorted = malloc(count * sizeof(*sorted));
	if (sorted == NULL)
		return -ENOMEM;
	memcpy(sorted, points, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), by_pages);
	ret = fit(input, sorted, count, out);
	for (size_t i = 1; ret == 0 && i < count; i += 2) {
		struct closed_form_terms t;
		double error;

		predict(input, &sorted[i], out->walk_constant_cycles, &t);
		error = fabs(t.total_cycles - sorted[i].total_cycles) / sorted[i].total_cycles;
		out->mean_error += error;
		out->most_error = error > out->most_error ? error : out->most_error;
		out->held_out++;
	}
	if (out->held_out != 0)
		out->mean_error /= out->held_out;
	free(sorted);
	return ret;
}
