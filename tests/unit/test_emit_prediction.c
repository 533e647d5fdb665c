/*
 * Property: a prediction shows every point with its own error and half, the constant only where one was fitted, and the
 * error only of points held out. It would mislead by a column under another title, a constant of 0 shown as fitted, an
 * error of nothing shown as 0 %, or core cycles beside TSC cycles without a word.
 */
#include "test.h"
#include "golden.h"
#include "units.h"
#include "vmm/theory/show/show.h"

/* No two figures are alike: a column under another title is seen. */
static struct prediction sample(enum walk_kind kind, const char *cpu, const char *unit, const char *measured)
{
	struct prediction p = {
		.plan = { kind, 4, 4, PAGE_4K, PAGE_4K },
		.fitted = true,
		.walk_constant_cycles = -12.25,
		.fitted_count = 2,
		.held_out_count = 1,
		.mean_error = 0.125,
		.most_error = 0.25,
		.count = 3,
		.points = {
			{ 64, 3.5, 3.75, false, 3.25, 3.125, -1.0 / 6, { 64, 0, 0, 5.5, 6.5, 11.5, 3.125 } },
			{ 1024, 4.5, 17.5, true, 21.875, 22.5, 0.25, { 1024, 1, 0.125, 15, 16, 31, 22.5 } },
			{ 1048576, 99.5, 512, false, 448, 460.25, -0.125, { 1048576, 1, 1, 150, 160.5, 310.5, 460.25 } },
		},
	};

	(void)snprintf(p.cpu, sizeof(p.cpu), "%s", cpu);
	(void)snprintf(p.unit, sizeof(p.unit), "%s", unit);
	(void)snprintf(p.measured_unit, sizeof(p.measured_unit), "%s", measured);
	return p;
}

/* Legend and table; the caller frees it. No line is longer than the screen. */
static char *render(const struct prediction *p)
{
	char *data = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&data, &bytes);

	assert_non_null(memory);
	prediction_legend_text(p, memory);
	assert_int_equal(prediction_text(p, memory), 0);
	assert_int_equal(fclose(memory), 0);
	test_wrote(data);
	assert_fits_screen(data);
	return data;
}

TEST(text_as_in_the_golden_file)
{
	struct prediction p = sample(WALK_NESTED, "skylake", "core cycles", "TSC cycles");
	char *text = render(&p);

	golden_compare(text, TESTS_DIR "/golden/prediction.txt");
	free(text);
}

TEST(one_dimension_has_no_second_column)
{
	static const enum walk_kind kinds[] = { WALK_NATIVE, WALK_SHADOW };

	EACH (i, kinds) {
		struct prediction p = sample(kinds[i], "host", "core cycles", "core cycles");
		char *text = render(&p);

		assert_non_null(strstr(text, "R(G)\n"));
		assert_null(strstr(text, "160.5"));
		/* Both in core cycles: no word about clocks. */
		assert_null(strstr(text, "where the clocks differ"));
		free(text);
	}
}

TEST(no_constant_where_nothing_was_fitted)
{
	struct prediction p = sample(WALK_NATIVE, "zen3", "core cycles", "core cycles");
	char *text;
	json_t *o;

	p.fitted = false;
	p.fitted_count = 0;
	p.held_out_count = 3;
	text = render(&p);
	assert_non_null(strstr(text, "nothing was fitted"));
	assert_null(strstr(text, "-12.25"));
	free(text);
	o = prediction_json(&p);
	assert_true(json_is_null(json_object_get(o, "walk_constant_cycles")));
	assert_true(json_is_real(json_object_get(o, "mean_error")));
	json_decref(o);
}

TEST(no_error_where_nothing_was_held_out)
{
	struct prediction p = sample(WALK_NATIVE, "zen3", "core cycles", "core cycles");
	char *text;
	json_t *o;

	p.count = 1;
	p.fitted_count = 1;
	p.held_out_count = 0;
	p.mean_error = p.most_error = 0;
	text = render(&p);
	assert_non_null(strstr(text, "there is no error to report"));
	assert_null(strstr(text, "mean error 0"));
	assert_non_null(strstr(text, "1 working set:"));
	free(text);
	o = prediction_json(&p);
	assert_true(json_is_null(json_object_get(o, "mean_error")));
	assert_true(json_is_null(json_object_get(o, "most_error")));
	json_decref(o);
	assert_true(json_is_null(prediction_json(NULL)));
}

static double number(const json_t *o, const char *name)
{
	const json_t *value = json_object_get(o, name);

	assert_true(json_is_number(value));
	return json_number_value(value);
}

TEST(json_has_every_figure)
{
	struct prediction p = sample(WALK_NESTED, "skylake", "core cycles", "core cycles");
	json_t *o = prediction_json(&p);
	const json_t *points = json_object_get(o, "points");

	assert_string_equal(json_string_value(json_object_get(o, "walk_kind")), "nested");
	assert_string_equal(json_string_value(json_object_get(o, "cpu_unit")), "core cycles");
	assert_true(number(o, "walk_constant_cycles") == -12.25 && number(o, "fitted_points") == 2);
	assert_true(number(o, "mean_error") == 0.125 && number(o, "most_error") == 0.25);
	assert_int_equal(json_array_size(points), p.count);
	LOOP (size_t, i, 0, i < p.count, i++) {
		const json_t *point = json_array_get(points, i);
		const struct prediction_point *from = &p.points[i];

		assert_true(number(point, "pages") == (double)from->pages);
		assert_true(number(point, "data_cycles") == from->data_cycles);
		assert_true(number(point, "measured_cycles") == from->measured_cycles);
		assert_true(number(point, "predicted_cycles") == from->predicted_cycles);
		assert_true(number(point, "uncalibrated_cycles") == from->uncalibrated_cycles);
		assert_true(number(point, "error") == from->error);
		assert_true(json_is_true(json_object_get(point, "held_out")) == from->held_out);
		assert_true(number(point, "dtlb_missing") == from->terms.dtlb_missing);
		assert_true(number(point, "stlb_missing") == from->terms.stlb_missing);
		assert_true(number(point, "guest_read_cycles") == from->terms.guest_read_cycles);
		assert_true(number(point, "host_read_cycles") == from->terms.host_read_cycles);
		assert_true(number(point, "walk_cycles") == from->terms.walk_cycles);
	}
	json_decref(o);
}

TEST_WRITES()
