/*
 * Property: what a sweep writes is what a comparison reads: nothing is lost or altered on the way, unknown stays unknown,
 * and derived members say what the matrix says. A member forgotten on one side, or 0 for "not known", would go unnoticed
 * until a figure is compared with nothing.
 */
#include <errno.h>
#include <unistd.h>

#include "sample_matrix.h"

static struct matrix sample;

static int setup(void **state)
{
	(void)state;
	sample_matrix(&sample);
	sample_figures(&sample);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	matrix_free(&sample);
	return 0;
}

/* The file, read again. */
static void through_a_file(const struct matrix *m, struct matrix *back)
{
	char path[] = "/tmp/minivmm-matrix-XXXXXX";
	struct error e = { 0 };
	int fd = mkstemp(path), ret;
	FILE *file;

	assert_true(fd >= 0);
	file = fdopen(fd, "w");
	assert_non_null(file);
	assert_int_equal(matrix_emit_json(m, file), 0);
	assert_int_equal(fclose(file), 0);
	ret = matrix_read(path, back, &e);
	assert_int_equal(unlink(path), 0);
	assert_string_equal(e.what, "");
	assert_int_equal(ret, 0);
}

/* Exactly this, so that a change of what others read is a change that a reviewer sees; e2e holds it against its schema. */
static void golden_file(void **state)
{
	(void)state;
	matrix_golden(&sample, matrix_emit_json, TESTS_DIR "/golden/sweep.json");
}

/* The same bytes come out again, but for derived members, which the reader leaves to matrix_derive. */
static void round_trip(void **state)
{
	struct matrix plain, back;
	char *before, *after;

	(void)state;
	sample_matrix(&plain);
	through_a_file(&sample, &back);
	before = render_matrix(&plain, matrix_emit_json);
	after = render_matrix(&back, matrix_emit_json);
	assert_string_equal(before, after);
	free(before);
	free(after);
	matrix_free(&plain);
	matrix_free(&back);
}

/* Members, rather than the writer's view of them. */
static void members_come_back(void **state)
{
	struct matrix m;
	const struct matrix_cell *cell;
	const struct matrix_run *run;

	(void)state;
	through_a_file(&sample, &m);
	assert_true(m.seed == UINT64_MAX);
	assert_int_equal(m.waited_ns, 40000000);
	assert_int_equal(m.accesses, 0);
	assert_string_equal(m.teaches, "What a \"walk\" costs.");
	assert_int_equal(m.cell_count, SAMPLE_CELLS);
	assert_int_equal(m.translation_count + m.speed_up_count + m.knee_count, 0);
	cell = &m.cells[SAMPLE_TOUCH];
	assert_string_equal(cell->key,
			    "guest-page=4K,backing=thp,prealloc=on,smp=1,workload=touch,working-set=4M");
	assert_int_equal(cell->state, STATE_MISMATCH);
	assert_int_equal(cell->figure_count, 0);
	run = &cell->runs[2];
	assert_int_equal(run->attempt, 2);
	assert_string_equal(run->disturbed, "2 involuntary switches");
	assert_int_equal(run->host_major_faults, -1);
	assert_int_equal(run->steal_ns, 0);
	assert_int_equal(run->row_count, 2);
	assert_float_equal(run->rows[0].samples[3], 60001.75, 0);
	assert_int_equal(run->rows[1].sample_count, 0);
	assert_null(run->rows[1].samples);
	assert_int_equal(cell->runs[1].observed_page_bytes, 0);
	assert_true(m.cells[SAMPLE_NATIVE].native);
	assert_int_equal(m.cells[SAMPLE_NATIVE].runs[0].rows[0].exits, -1);
	assert_int_equal(m.cells[SAMPLE_CELL_REFUSED].run_count, 0);
	assert_string_equal(m.cells[SAMPLE_CELL_REFUSED].reason, "64M, in pages of \"1G\"?");
	matrix_free(&m);
}

static json_t *whole(void)
{
	char *data = render_matrix(&sample, matrix_emit_json);
	json_t *root = json_loads(data, JSON_REJECT_DUPLICATES, NULL);

	free(data);
	assert_non_null(root);
	return root;
}

/* That `json` is what json_pack would make of the rest; both are let go of. */
static void assert_json(const json_t *json, json_t *expected)
{
	assert_non_null(expected);
	if (!json_equal(json, expected))
		(void)json_dumpf(json, stderr, JSON_INDENT(1) | JSON_ENCODE_ANY);
	assert_true(json_equal(json, expected));
	json_decref(expected);
}

static void counts_follow_from_cells(void **state)
{
	json_t *root = whole();

	(void)state;
	assert_json(json_object_get(root, "counts"),
		    json_pack("{si si si si si si si si si si si}", "cells", 6, "pending", 0, "ok", 4,
			      "refused", 1, "unavailable", 0, "failed", 0, "mismatch", 1, "runs", 15,
			      "disturbed_runs", 1, "failed_runs", 1, "waited_ns", 40000000));
	json_decref(root);
}

static const json_t *figure(const json_t *root, size_t cell, size_t index)
{
	const json_t *cells = json_object_get(root, "cells");

	return json_array_get(json_object_get(json_array_get(cells, cell), "figures"), index);
}

static void figures_say_what_is_known(void **state)
{
	const char *base = sample.cells[SAMPLE_CHASE_4K].key;
	json_t *root = whole();

	(void)state;
	assert_json(
		figure(root, SAMPLE_NATIVE, 0),
		json_pack("{sn sn si si ss si ss si s[fff] s[iii] sf s[ff] sf sn sn sf sn sn ss sf s[ff]}",
			  "variant", "stride_bytes", "working_set_bytes", 262144, "pages", 64, "unit",
			  "cycles/access", "refs_theory", 4, "statistic", "min", "allocations", 3, "values",
			  9.0, 9.5, 10.0, "rounds", 0, 1, 2, "value", 9.5, "ci95", 9.0, 10.0, "least", 9.0,
			  "exits", "exits_per_operation", "page_faults", 2.0, "faults_per_operation", "note",
			  "baseline", base, "ratio", 0.85, "ratio_ci95", 0.8, 0.9));
	assert_json(figure(root, SAMPLE_TOUCH, 1),
		    json_pack("{ss sn si si ss si ss si s[] s[] sn sn sn sf sn sf sn ss sn sn sn}", "variant",
			      "second", "stride_bytes", "working_set_bytes", 4194304, "pages", 1024, "unit",
			      "cycles/access", "refs_theory", 24, "statistic", "min", "allocations", 0,
			      "values", "rounds", "value", "ci95", "least", "exits", 0.0,
			      "exits_per_operation", "page_faults", 2.0, "faults_per_operation", "note",
			      "counts alone: nothing to time", "baseline", "ratio", "ratio_ci95"));
	json_decref(root);
}

static void what_follows_from_cells(void **state)
{
	const char *base = sample.cells[SAMPLE_CHASE_4K].key, *other = sample.cells[SAMPLE_CHASE_2M].key;
	json_t *root = whole();

	(void)state;
	assert_json(json_object_get(root, "translation"),
		    json_pack("[{ss si ss si ss si si si ss ss sf s[ff] si si sn sn sn}]", "kind", "guest",
			      "guest_page_bytes", 4096, "backing", "anon", "page_bytes", 4096, "prealloc",
			      "on", "vcpus", 1, "working_set_bytes", 262144, "pages", 64, "chase", base,
			      "packed", sample.cells[SAMPLE_PACKED_4K].key, "cost", 6.0, "ci95", 5.5, 6.5,
			      "allocations", 3, "refs_theory", 24, "reference_cycles", "effective_references",
			      "effective_ci95"));
	assert_json(json_object_get(root, "speed_ups"),
		    json_pack("[{ss ss sn sn si ss ss sf s[ff] si}]", "dimension", "guest", "workload",
			      "chase", "variant", "stride_bytes", "working_set_bytes", 262144, "from", base,
			      "to", other, "speed_up", 1.25, "ci95", 1.2, 1.3, "allocations", 3));
	assert_json(json_object_get(root, "knees"),
		    json_pack("[{ss si ss si ss si ss ss ss si si sf sf}]", "kind", "guest",
			      "guest_page_bytes", 4096, "backing", "anon", "page_bytes", 4096, "prealloc",
			      "on", "vcpus", 1, "of", "chase", "below", base, "above", other, "pages_below",
			      64, "pages_above", 128, "value_below", 10.0, "value_above", 14.0));
	json_decref(root);
}

/* A line of a journal is a run of the file. */
static void one_run_alone(void **state)
{
	json_t *json = matrix_run_json(&sample.cells[SAMPLE_TOUCH].runs[2]), *again;
	struct matrix_run run;

	(void)state;
	assert_non_null(json);
	assert_int_equal(matrix_run_parse(json, &run), 0);
	again = matrix_run_json(&run);
	assert_json(json, again);
	matrix_run_free(&run);
	assert_int_equal(json_object_set_new(json, "verdict", json_string("fine")), 0);
	assert_int_equal(matrix_run_parse(json, &run), -EINVAL);
	assert_true(run.rows == NULL && run.row_count == 0);
	assert_int_equal(json_object_set_new(json, "verdict", json_stringn("ok\0", 3)), 0);
	assert_int_equal(matrix_run_parse(json, &run), -EINVAL);
	assert_int_equal(matrix_run_parse(NULL, &run), -EINVAL);
	json_decref(json);
}

/* A full disk, and a sample that JSON cannot hold, are errors, not half a file. */
static void writers_fail(void **state)
{
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	assert_int_equal(matrix_emit_json(&sample, full), -ENOSPC);
	(void)fclose(full);
	sample.cells[0].runs[0].rows[0].samples[0] = NAN;
	assert_null(matrix_run_json(&sample.cells[0].runs[0]));
	assert_true(matrix_emit_json(&sample, stderr) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(golden_file, setup, teardown),
		cmocka_unit_test_setup_teardown(round_trip, setup, teardown),
		cmocka_unit_test_setup_teardown(members_come_back, setup, teardown),
		cmocka_unit_test_setup_teardown(counts_follow_from_cells, setup, teardown),
		cmocka_unit_test_setup_teardown(figures_say_what_is_known, setup, teardown),
		cmocka_unit_test_setup_teardown(what_follows_from_cells, setup, teardown),
		cmocka_unit_test_setup_teardown(one_run_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(writers_fail, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
