/*
 * Property: what a sweep writes is what a comparison reads, and what a person or a program makes tables of: nothing is lost or
 * altered on the way, unknown stays unknown, a cell without figures is there with its reason. A member forgotten on one side,
 * or 0 for "not known", would go unnoticed until a figure is compared with nothing.
 */
#include <errno.h>
#include <unistd.h>

#include "sample_matrix.h"
#include "vmm/lab/sweep/derive.h"

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
	assert_int_equal(matrix_json(m, file), 0);
	assert_int_equal(fclose(file), 0);
	ret = matrix_read(path, back, &e);
	assert_int_equal(unlink(path), 0);
	assert_string_equal(e.what, "");
	assert_int_equal(ret, 0);
}

/* Exactly this, so that a change of what others read is a change that a reviewer sees; e2e holds JSON against its schema. */
TEST_WITH(golden_files, setup, teardown)
{
	matrix_golden(&sample, matrix_json, TESTS_DIR "/golden/sweep.json");
	matrix_golden(&sample, matrix_csv, TESTS_DIR "/golden/sweep.csv");
}

/* The same bytes come out again, but for derived members, which the reader leaves to matrix_derive. */
TEST_WITH(round_trip, setup, teardown)
{
	struct matrix plain, back;
	char *before, *after;

	sample_matrix(&plain);
	through_a_file(&sample, &back);
	before = render_matrix(&plain, matrix_json);
	after = render_matrix(&back, matrix_json);
	assert_string_equal(before, after);
	free(before);
	free(after);
	matrix_free(&plain);
	matrix_free(&back);
}

/* A line of a journal is a run of the file. */
TEST_WITH(one_run_alone, setup, teardown)
{
	json_t *json = matrix_run_json(&sample.cells[SAMPLE_TOUCH].runs[2]), *again;
	struct matrix_run run;

	assert_non_null(json);
	assert_int_equal(matrix_run_parse(json, &run), 0);
	again = matrix_run_json(&run);
	assert_true(json_equal(json, again));
	json_decref(again);
	matrix_run_free(&run);
	assert_int_equal(json_object_set_new(json, "verdict", json_string("fine")), 0);
	assert_int_equal(matrix_run_parse(json, &run), -EINVAL);
	assert_true(run.rows == NULL && run.row_count == 0);
	assert_int_equal(json_object_set_new(json, "verdict", json_stringn("ok\0", 3)), 0);
	assert_int_equal(matrix_run_parse(json, &run), -EINVAL);
	assert_int_equal(matrix_run_parse(NULL, &run), -EINVAL);
	json_decref(json);
}

/* Of those runs alone that know: 300, 301, 302; then without the middle one; then none. */
TEST_WITH(medians_over_runs, setup, teardown)
{
	struct matrix_cell *cell = &sample.cells[SAMPLE_CHASE_4K];
	double medians[RUN_COUNTS];

	assert_int_equal(run_counts_medians(cell, medians), 0);
	assert_float_equal(medians[RUN_MINOR_FAULTS], 301, 0);
	assert_true(isnan(medians[RUN_HOST_MAJOR_FAULTS]));
	cell->runs[1].minor_faults = -1;
	cell->runs[2].minor_faults = 303;
	assert_int_equal(run_counts_medians(cell, medians), 0);
	assert_float_equal(medians[RUN_MINOR_FAULTS], 301.5, 0);
	cell->runs[0].minor_faults = cell->runs[2].minor_faults = -1;
	assert_int_equal(run_counts_medians(cell, medians), 0);
	assert_true(isnan(medians[RUN_MINOR_FAULTS]));
}

/* A full disk, and a sample that JSON cannot hold, are errors, not half a file. */
TEST_WITH(writers_fail, setup, teardown)
{
	FILE *full = fopen("/dev/full", "w");

	assert_non_null(full);
	assert_int_equal(matrix_json(&sample, full), -ENOSPC);
	(void)fclose(full);
	full = fopen("/dev/full", "w");
	assert_non_null(full);
	assert_int_equal(matrix_csv(&sample, full), -ENOSPC);
	(void)fclose(full);
	sample.cells[0].runs[0].rows[0].samples[0] = NAN;
	assert_null(matrix_run_json(&sample.cells[0].runs[0]));
	assert_true(matrix_json(&sample, stderr) < 0);
}

TEST_WRITES()
