/*
 * Property: of a round's attempts the least disturbed one is kept and every other counted; a cell is given up after a bound
 * of failures, at once where no attempt could ever succeed, and never while it succeeds. A mistake here would drop rounds
 * silently, or retry for ever.
 */
#include "test.h"
#include "vmm/lab/sweep/engine.h"

/* What the next attempts give: a state, and how many involuntary switches the run has. */
static struct {
	enum cell_state state;
	int64_t switches;
} script[8];
static uint32_t scripted, played;

int __wrap_attempt_make(const struct matrix_cell *cell, uint32_t round, uint32_t number, uint32_t limit_s,
			struct attempt *a, struct error *e);
int __wrap_attempt_make(const struct matrix_cell *cell, uint32_t round, uint32_t number, uint32_t limit_s,
			struct attempt *a, struct error *e)
{
	(void)cell;
	(void)limit_s;
	(void)e;
	assert_in_range(played, 0, scripted - 1);
	*a = (struct attempt){ .state = script[played].state, .reason = "as the test says" };
	if (a->state == STATE_OK || a->state == STATE_MISMATCH) {
		a->run = (struct matrix_run){ .round = round, .attempt = number, .row_count = 1 };
		(void)snprintf(a->run.verdict, sizeof(a->run.verdict), "%s",
			       a->state == STATE_OK ? "ok" : "mismatch");
		a->run.rows = calloc(1, sizeof(a->run.rows[0]));
		assert_non_null(a->run.rows);
		a->run.rows[0].sample_count = 4;
		a->run.rows[0].samples = calloc(4, sizeof(double));
		a->run.rows[0].switches = script[played].switches;
	}
	played++;
	return 0;
}

static void will_be(enum cell_state state, int64_t switches)
{
	script[scripted].state = state;
	script[scripted].switches = switches;
	scripted++;
}

static struct matrix_cell new_cell(void)
{
	scripted = played = 0;
	return (struct matrix_cell){ .vcpus = 1 };
}

static int run(struct matrix_cell *cell, uint32_t round)
{
	const struct round_plan plan = { .round = round, .retries = 2, .limit_s = 1, .cpus = 2 };
	struct error e = { .status = STATUS_OK };

	return round_run(&plan, cell, &e);
}

static void free_cell(struct matrix_cell *cell)
{
	struct matrix m = { .datum_count = 1, .cells = malloc(sizeof(*cell)) };

	assert_non_null(m.cells);
	m.cells[0] = *cell;
	matrix_free(&m);
}

TEST(a_quiet_run_is_enough)
{
	struct matrix_cell cell = new_cell();

	will_be(STATE_OK, 0);
	assert_int_equal(run(&cell, 0), 1);
	assert_int_equal(played, 1);
	assert_int_equal(cell.state, STATE_OK);
	assert_int_equal(cell.run_count, 1);
	assert_false(round_is_open(&cell, 0, 2));
	assert_true(round_is_open(&cell, 1, 2));
	free_cell(&cell);
}

TEST(the_least_disturbed_is_kept)
{
	struct matrix_cell cell = new_cell();

	will_be(STATE_OK, 9);
	will_be(STATE_OK, 3);
	will_be(STATE_OK, 5);
	assert_int_equal(run(&cell, 4), 1);
	assert_int_equal(played, 3); /* bounded */
	assert_int_equal(cell.disturbed_runs, 3);
	assert_int_equal(cell.runs[0].rows[0].switches, 3);
	assert_int_equal(cell.runs[0].attempt, 3);
	assert_int_equal(cell.runs[0].round, 4);
	assert_string_not_equal(cell.runs[0].disturbed, "");
	free_cell(&cell);
}

TEST(a_disturbed_run_is_better_than_a_failed_one)
{
	struct matrix_cell cell = new_cell();

	will_be(STATE_OK, 9);
	will_be(STATE_FAILED, 0);
	assert_int_equal(run(&cell, 0), 1);
	assert_int_equal(cell.state, STATE_OK);
	assert_int_equal(cell.run_count, 1);
	free_cell(&cell);
}

TEST(failures_are_bounded)
{
	struct matrix_cell cell = new_cell();

	LOOP (uint32_t, round, 0, round < 3, round++) {
		will_be(STATE_FAILED, 0);
		assert_true(round_is_open(&cell, round, 2));
		assert_int_equal(run(&cell, round), 1);
	}
	assert_false(round_is_open(&cell, 3, 2));
	round_settle(&cell);
	assert_int_equal(cell.state, STATE_FAILED);
	assert_string_equal(cell.reason, "as the test says");
	free_cell(&cell);
}

TEST(success_ends_a_series_of_failures)
{
	struct matrix_cell cell = new_cell();

	will_be(STATE_FAILED, 0);
	will_be(STATE_OK, 0);
	for (int i = 0; i < 4; i++)
		will_be(STATE_FAILED, 0);
	LOOP (uint32_t, round, 0, round < 6, round++)
		assert_int_equal(run(&cell, round), 1);
	assert_int_equal(cell.state, STATE_OK);
	assert_int_equal(cell.failed_runs, 5);
	assert_string_equal(cell.reason, "");
	assert_true(round_is_open(&cell, 9, 2));
	free_cell(&cell);
}

TEST(what_the_host_cannot_do_is_not_tried_again)
{
	static const enum cell_state final[] = { STATE_UNAVAILABLE, STATE_REFUSED };

	LOOP (int, i, 0, i < 2, i++) {
		struct matrix_cell cell = new_cell();

		will_be(final[i], 0);
		assert_int_equal(run(&cell, 0), 1);
		assert_int_equal(cell.state, final[i]);
		assert_false(round_is_open(&cell, 1, 2));
		free_cell(&cell);
	}
}

TEST(wrong_pages_give_way_to_right_ones)
{
	struct matrix_cell cell = new_cell();

	will_be(STATE_MISMATCH, 0);
	will_be(STATE_OK, 0);
	will_be(STATE_MISMATCH, 0);
	assert_int_equal(run(&cell, 0), 1);
	assert_int_equal(cell.state, STATE_MISMATCH);
	assert_int_equal(cell.run_count, 1);
	assert_int_equal(run(&cell, 1), 1);
	assert_int_equal(cell.state, STATE_OK);
	assert_int_equal(cell.run_count, 1);
	assert_int_equal(cell.runs[0].round, 1);
	assert_int_equal(run(&cell, 2), 1);
	assert_int_equal(cell.run_count, 1); /* none with wrong pages joins those */
	assert_int_equal(cell.failed_runs, 2);
	free_cell(&cell);
}

TEST(a_stop_decides_nothing)
{
	struct matrix_cell cell = new_cell();

	will_be(STATE_PENDING, 0);
	assert_int_equal(run(&cell, 0), 0);
	assert_int_equal(cell.state, STATE_PENDING);
	assert_int_equal(cell.run_count, 0);
	will_be(STATE_OK, 9);
	will_be(STATE_PENDING, 0);
	assert_int_equal(run(&cell, 0), 0); /* also with a run at hand that a better one was looked for */
	assert_int_equal(cell.run_count, 0);
	round_settle(&cell);
	assert_int_equal(cell.state, STATE_PENDING);
	free_cell(&cell);
}
