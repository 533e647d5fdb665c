/*
 * Property: a sweep has one prediction for each configuration that has chase and packed over the same working sets, of
 * the walk that this configuration makes, from its own figures. It could break by points of two configurations in one
 * fit, by the second dimension's page or levels of another cell, or by a walk that is guessed where none is known.
 */
#include "matrix_make.h"

#include "golden.h"
#include "vmm/lab/sweep/parts.h"

#define ROUNDS 3
#define SETS 4

static const uint64_t set_pages[SETS] = { 64, 1024, 4096, 16384 };

static struct cpu_model load(const char *name)
{
	struct error e = { .status = STATUS_OK };
	struct cpu_model cpu;

	assert_int_equal(cpu_load(name, &cpu, &e), 0);
	return cpu;
}

/* chase and packed of one configuration; chase is `base` and more by 10 a set, packed 4 and more by 1. */
static void make_curve(struct matrix *m, uint64_t guest_page_bytes, const char *backing, uint64_t page_bytes,
		       double base)
{
	LOOP (uint32_t, i, 0, i < SETS, i++) {
		const double chase[ROUNDS] = { base + 10 * i, base + 10 * i, base + 10 * i };
		const double packed[ROUNDS] = { 4 + i, 4 + i, 4 + i };
		uint64_t bytes = set_pages[i] * PAGE_4K;

		make_rounds(make_cell(m, guest_page_bytes, backing, page_bytes, "chase", bytes), chase,
			    ROUNDS);
		make_rounds(make_cell(m, guest_page_bytes, backing, page_bytes, "packed", bytes), packed,
			    ROUNDS);
	}
}

static void make(struct matrix *m, const char *second, int levels)
{
	struct cpu_model cpu = load("skylake");

	make_matrix(m, 32);
	m->host = json_pack("{s:s,s:o}", "second_dimension", second, "second_dimension_levels",
			    levels != 0 ? json_integer(levels) : json_null());
	assert_non_null(m->host);
	make_curve(m, PAGE_4K, "anon", PAGE_4K, 20);
	make_curve(m, PAGE_2M, "hugetlb", PAGE_1G, 30);
	make_curve(m, 0, "anon", PAGE_4K, 10);
	assert_int_equal(matrix_derive(m), 0);
	assert_int_equal(matrix_predict(m, &cpu), 0);
	assert_true(m->predicted);
}

/* The prediction of those pages; natively guest_page_bytes is 0. */
static const struct prediction *find(const struct matrix *m, uint64_t guest_page_bytes)
{
	for (uint32_t i = 0; i < m->prediction_count; i++) {
		if (m->predictions[i].cell->guest_page_bytes == guest_page_bytes)
			return &m->predictions[i].prediction;
	}
	fail_msg("no prediction");
	return NULL;
}

static void check_points(const struct prediction *p, double base)
{
	assert_int_equal(p->count, SETS);
	LOOP (uint32_t, i, 0, i < SETS, i++) {
		assert_int_equal(p->points[i].pages, set_pages[i]);
		assert_float_equal(p->points[i].measured_cycles, base + 10 * i, 1e-9);
		assert_float_equal(p->points[i].data_cycles, 4 + i, 1e-9);
		assert_true(p->points[i].held_out == (i % 2 == 1) || !p->fitted);
	}
}

TEST(one_for_each_configuration)
{
	struct matrix m;
	const struct prediction *p;

	make(&m, "ept", 5);
	assert_int_equal(m.prediction_count, 3);
	p = find(&m, PAGE_4K);
	check_points(p, 20);
	assert_true(p->plan.kind == WALK_NESTED && p->plan.host_levels == 5 &&
		    p->plan.guest_leaf_bytes == PAGE_4K && p->plan.host_leaf_bytes == PAGE_4K);
	assert_true(p->fitted && p->fitted_count == 2 && p->held_out_count == 2);
	assert_string_equal(p->cpu, "skylake");
	p = find(&m, PAGE_2M);
	check_points(p, 30);
	assert_true(p->plan.kind == WALK_NESTED && p->plan.guest_leaf_bytes == PAGE_2M &&
		    p->plan.host_leaf_bytes == PAGE_1G);
	p = find(&m, 0);
	check_points(p, 10);
	assert_true(p->plan.kind == WALK_NATIVE && p->plan.guest_leaf_bytes == PAGE_4K);
	matrix_free(&m);
}

TEST(the_walk_of_this_host)
{
	struct matrix m;

	make(&m, "shadow", 0);
	assert_int_equal(m.prediction_count, 3);
	assert_true(find(&m, PAGE_4K)->plan.kind == WALK_SHADOW && find(&m, 0)->plan.kind == WALK_NATIVE);
	matrix_free(&m);
	/* Levels, or the whole dimension, not known: no guest's walk is; the native one still is. */
	make(&m, "npt", 0);
	assert_true(m.prediction_count == 1 && m.predictions[0].cell->native);
	matrix_free(&m);
	make(&m, "unknown", 4);
	assert_true(m.prediction_count == 1 && m.predictions[0].cell->native);
	matrix_free(&m);
}

/* A page that is not known, a figure of 0 or a chase alone: fewer points or none, and no failure. */
TEST(what_cannot_be_predicted_is_left_out)
{
	static const double zero[ROUNDS] = { 0, 0, 0 }, five[ROUNDS] = { 5, 5, 5 };
	struct cpu_model cpu = load("zen3");
	struct matrix m;
	json_t *array;

	make_matrix(&m, 8);
	m.host = json_pack("{s:s,s:i}", "second_dimension", "npt", "second_dimension_levels", 4);
	make_rounds(make_cell(&m, PAGE_4K, "thp", 0, "chase", MIB), five, ROUNDS);
	make_rounds(make_cell(&m, PAGE_4K, "thp", 0, "packed", MIB), five, ROUNDS);
	make_rounds(make_cell(&m, PAGE_4K, "anon", PAGE_4K, "chase", MIB), zero, ROUNDS);
	make_rounds(make_cell(&m, PAGE_4K, "anon", PAGE_4K, "packed", MIB), five, ROUNDS);
	make_rounds(make_cell(&m, PAGE_2M, "anon", PAGE_4K, "chase", MIB), five, ROUNDS);
	assert_int_equal(matrix_derive(&m), 0);
	assert_int_equal(matrix_predict(&m, &cpu), 0);
	assert_int_equal(m.prediction_count, 0);
	array = matrix_predictions_json(&m);
	assert_true(json_is_array(array) && json_array_size(array) == 0);
	json_decref(array);
	matrix_free(&m);
}

static char *render(const struct matrix *m)
{
	char *data = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&data, &bytes);

	assert_non_null(memory);
	assert_int_equal(matrix_predictions_text(m, memory), 0);
	assert_int_equal(fclose(memory), 0);
	test_wrote(data);
	assert_fits_screen(data);
	return data;
}

TEST(text_and_json_say_whose_they_are)
{
	struct matrix m;
	char *text;
	json_t *array;

	make(&m, "ept", 4);
	text = render(&m);
	golden_compare(text, TESTS_DIR "/golden/matrix-predictions.txt");
	free(text);
	array = matrix_predictions_json(&m);
	assert_int_equal(json_array_size(array), 3);
	LOOP (size_t, i, 0, i < 3, i++) {
		const json_t *o = json_array_get(array, i);
		const struct matrix_prediction *p = &m.predictions[i];

		assert_int_equal(json_array_size(json_object_get(o, "points")), SETS);
		assert_string_equal(json_string_value(json_object_get(o, "walk_kind")),
				    p->cell->native ? "native" : "nested");
		assert_int_equal(json_integer_value(json_object_get(o, "page_bytes")), p->cell->page_bytes);
	}
	json_decref(array);
	/* Asked for twice: not doubled. */
	assert_int_equal(matrix_predict(&m, &(struct cpu_model){ .name = "none" }), 0);
	assert_int_equal(m.prediction_count, 3);
	m.predicted = false;
	assert_true(json_is_null(matrix_predictions_json(&m)));
	text = render(&m);
	assert_string_equal(text, "");
	free(text);
	matrix_free(&m);
}

TEST_WRITES()
