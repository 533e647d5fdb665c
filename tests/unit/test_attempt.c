/*
 * Property: an ended run means what its exit status says, and its record becomes a run of the matrix with rows of all vCPUs
 * alone. Half a record, another schema, or silence must end as a failure with a reason, never as a figure.
 */
#include <signal.h>

#include "test.h"
#include "vmm/lab/sweep/engine.h"
#include "vmm/util/process.h"

static struct attempt judge(int status, const char *output, const char *message)
{
	struct child_end end = { .status = status, .output = (char *)output };
	struct attempt a = { .state = STATE_FAILED };

	end.output_bytes = output != NULL ? strlen(output) : 0;
	(void)snprintf(end.message, sizeof(end.message), "%s", message);
	assert_int_equal(attempt_judge(&end, &a), 0);
	return a;
}

static void statuses_without_a_record(void **state)
{
	static const struct {
		int status;
		enum cell_state expected;
		const char *reason;
	} cases[] = {
		{ 1, STATE_FAILED, "exit status 1: mmap: the pool is short" },
		{ 2, STATE_REFUSED, "mmap: the pool is short" },
		{ 3, STATE_FAILED, "exit status 3: mmap: the pool is short" },
		{ 4, STATE_FAILED, "exit status 4: mmap: the pool is short" },
		{ 77, STATE_UNAVAILABLE, "mmap: the pool is short" },
		{ 128 + 9, STATE_FAILED, "killed by signal 9: mmap: the pool is short" },
		{ 0, STATE_FAILED, "its record cannot be read" },
	};

	(void)state;
	EACH (i, cases) {
		struct attempt a = judge(cases[i].status, NULL, "mmap: the pool is short");

		assert_int_equal(a.state, cases[i].expected);
		assert_string_equal(a.reason, cases[i].reason);
		assert_int_equal(a.run.row_count, 0);
	}
}

static void broken_and_foreign_records_are_failures(void **state)
{
	static const char *const outputs[] = {
		"",
		"{",
		"[]",
		"{\"schema\": \"minivmm.run/1\", \"verdict\": \"ok\", \"results\": []}",
		"{\"schema\": \"minivmm.run/2\"}",
		"{\"schema\": \"minivmm.run/2\", \"verdict\": \"ok\", \"results\": [{\"samples\": [-1]}]}",
	};

	(void)state;
	EACH (i, outputs) {
		struct attempt a = judge(0, outputs[i], "");

		assert_int_equal(a.state, STATE_FAILED);
		assert_string_equal(a.reason, "its record cannot be read");
		assert_int_equal(a.run.row_count, 0);
	}
}

static char *read_golden(const char *path)
{
	json_t *record = json_load_file(path, 0, NULL);
	char *text;

	assert_non_null(record);
	text = json_dumps(record, 0);
	assert_non_null(text);
	json_decref(record);
	return text;
}

static void a_record_becomes_a_run(void **state)
{
	char *text = read_golden(TESTS_DIR "/golden/run.json");
	struct attempt a = judge(0, text, "");
	const struct matrix_row *chase;

	(void)state;
	free(text);
	assert_int_equal(a.state, STATE_OK);
	assert_string_equal(a.run.verdict, "ok");
	assert_int_equal(a.run.row_count, 8);
	assert_string_equal(a.run.rows[0].variant, "first");
	assert_string_equal(a.run.rows[2].variant, "");
	chase = &a.run.rows[5];
	assert_int_equal(chase->pages, 4096);
	assert_string_equal(chase->unit, "core cycles/access");
	assert_int_equal(chase->refs_theory, 4);
	assert_true(chase->sample_count > 1);
	assert_int_equal(a.run.observed_page_bytes, 2097152);
	assert_int_equal(a.run.leaves_4k, 30300);
	assert_int_equal(a.run.steal_ns, -1);
	matrix_run_free(&a.run);
}

static void a_mismatch_keeps_its_run_and_says_why(void **state)
{
	char *text = read_golden(TESTS_DIR "/golden/run.json");
	json_t *record = json_loads(text, 0, NULL);
	struct attempt a;

	(void)state;
	free(text);
	assert_int_equal(json_object_set_new(record, "verdict", json_string("mismatch")), 0);
	assert_int_equal(json_object_set_new(record, "reasons", json_pack("[s]", "asked for 2M, got 4K")), 0);
	text = json_dumps(record, 0);
	json_decref(record);
	a = judge(STATUS_MISMATCH, text, "");
	free(text);
	assert_int_equal(a.state, STATE_MISMATCH);
	assert_string_equal(a.reason, "asked for 2M, got 4K");
	assert_int_equal(a.run.row_count, 8);
	matrix_run_free(&a.run);
}

static void an_interrupted_run_is_none(void **state)
{
	struct attempt a = judge(1, "{\"schema\": \"minivmm.run/2\", \"verdict\": \"interrupted\"}", "");

	(void)state;
	assert_int_equal(a.state, STATE_PENDING);
}

static void rows_of_single_vcpus_are_left_out(void **state)
{
	json_t *record = json_pack("{s:s, s:{s:i}, s:[{s:n, s:i}, {s:i, s:i}, {s:i, s:i}]}", "schema",
				   "minivmm.run/2", "requested", "vcpus", 2, "results", "vcpu", "pages", 7,
				   "vcpu", 0, "pages", 8, "vcpu", 1, "pages", 9);
	json_t *run = attempt_extract(record), *rows = json_object_get(run, "rows");

	(void)state;
	assert_int_equal(json_array_size(rows), 1);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(rows, 0), "pages")), 7);
	json_decref(run);
	json_decref(record);
}

/* This very program, which is what a run is started from: given words, it fails at once. */
static enum cell_state state_of_failing_run(void)
{
	struct matrix_cell cell = { .command = json_pack("[s]", "run") };
	struct error e = { .status = STATUS_OK };
	struct attempt a;

	assert_int_equal(attempt_make(&cell, 0, 1, 60, &a, &e), 0);
	json_decref(cell.command);
	return a.state;
}

/* Ctrl-C reaches the run as well, and before it listens to signals it dies of it. */
static void a_stop_is_not_the_runs_failure(void **state)
{
	struct error e = { .status = STATUS_OK };

	(void)state;
	assert_int_equal(stop_install(&e), 0);
	assert_int_equal(state_of_failing_run(), STATE_FAILED);
	assert_int_equal(raise(SIGTERM), 0);
	assert_int_equal(state_of_failing_run(), STATE_PENDING);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statuses_without_a_record),
		cmocka_unit_test(broken_and_foreign_records_are_failures),
		cmocka_unit_test(a_record_becomes_a_run),
		cmocka_unit_test(a_mismatch_keeps_its_run_and_says_why),
		cmocka_unit_test(an_interrupted_run_is_none),
		cmocka_unit_test(rows_of_single_vcpus_are_left_out),
		cmocka_unit_test(a_stop_is_not_the_runs_failure), /* the last: a stop is not taken back */
	};

	(void)argv;
	if (argc > 1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
