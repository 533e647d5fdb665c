/*
 * Property: whatever was in a journal when its sweep was killed is there again when it goes on, to the last whole line; and
 * a journal of another plan or host, or one that another sweep is writing, is refused. It could lose hours of runs, or mix
 * rounds of two machines in one figure.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"
#include "vmm/lab/sweep/journal.h"
#include "vmm/lab/sweep/key.h"

static char dir[] = "/tmp/minivmm-journal-XXXXXX";
static char json_path[64], journal[80];

static struct matrix new_matrix(const char *kernel)
{
	struct matrix m = { .allocations = 2, .started = "2026-01-01T00:00:00Z", .datum_count = 2 };

	m.host = json_pack("{s:s, s:s, s:s, s:s}", "kernel", kernel, "cpu_model", "C", "kvm_module",
			   "kvm_intel", "second_dimension", "ept");
	m.command = json_pack("[s, s]", "minivmm", "sweep");
	m.cells = calloc(2, sizeof(*m.cells));
	assert_non_null(m.cells);
	for (int i = 0; i < 2; i++) {
		(void)snprintf(m.cells[i].workload, sizeof(m.cells[i].workload), "%s",
			       i == 0 ? "packed" : "chase");
		m.cells[i].backing = BACKING_ANON;
		m.cells[i].guest_page_bytes = 4096;
		m.cells[i].vcpus = 1;
		m.cells[i].command = json_pack("[s, s]", "minivmm", "run");
		matrix_cell_name(&m.cells[i]);
	}
	return m;
}

static void add_run(struct matrix_cell *cell, uint32_t round)
{
	struct matrix_run run = {
		.round = round, .attempt = 1, .verdict = "ok", .wall_ns = 5, .row_count = 1
	};

	run.rows = calloc(1, sizeof(run.rows[0]));
	assert_non_null(run.rows);
	run.rows[0] = (struct matrix_row){ .unit = "core cycles/access",
					   .pages = 64,
					   .working_set_bytes = 262144,
					   .accesses = 10,
					   .sample_count = 2 };
	run.rows[0].samples = calloc(2, sizeof(double));
	assert_non_null(run.rows[0].samples);
	run.rows[0].samples[0] = 3.25;
	run.rows[0].samples[1] = 3.5;
	cell->state = STATE_OK;
	assert_int_equal(matrix_cell_add_run(cell, &run), 0);
}

/* Two rounds of the first cell, a state of the second. */
static void write_one(void)
{
	struct matrix m = new_matrix("K");
	struct error e = { .status = STATUS_OK };
	struct journal j;

	assert_int_equal(journal_open(json_path, false, &m, &j, &e), 0);
	LOOP (uint32_t, round, 0, round < 2, round++) {
		add_run(&m.cells[0], round);
		m.cells[0].disturbed_runs = 3;
		assert_int_equal(journal_add(&j, &m.cells[0], round, &e), 0);
	}
	m.cells[1].state = STATE_UNAVAILABLE;
	(void)snprintf(m.cells[1].reason, sizeof(m.cells[1].reason), "%s", "no 1G pages");
	assert_int_equal(journal_add(&j, &m.cells[1], 0, &e), 0);
	journal_close(&j, false, &e);
	matrix_free(&m);
}

static int reopen(bool resume, struct matrix *m, struct error *e)
{
	struct journal j;
	int ret = journal_open(json_path, resume, m, &j, e);

	journal_close(&j, false, e);
	return ret;
}

static int forget(void **state);

TEST_WITH(rounds_come_back, NULL, forget)
{
	struct matrix m = new_matrix("K");
	struct error e = { .status = STATUS_OK };

	write_one();
	(void)snprintf(m.started, sizeof(m.started), "%s", "later");
	assert_int_equal(reopen(true, &m, &e), 0);
	assert_int_equal(m.resumed, 1);
	assert_string_equal(m.started, "2026-01-01T00:00:00Z");
	assert_int_equal(m.cells[0].run_count, 2);
	assert_int_equal(m.cells[0].state, STATE_OK);
	assert_int_equal(m.cells[0].disturbed_runs, 3);
	assert_true(m.cells[0].runs[1].rows[0].samples[0] == 3.25);
	assert_int_equal(m.cells[1].state, STATE_UNAVAILABLE);
	assert_string_equal(m.cells[1].reason, "no 1G pages");
	matrix_free(&m);
}

TEST_WITH(a_line_cut_by_a_kill_is_dropped, NULL, forget)
{
	struct error e = { .status = STATUS_OK };
	struct stat whole, cut;

	write_one();
	assert_int_equal(stat(journal, &whole), 0);
	assert_int_equal(unlink(journal), 0);
	/* At every length inside the last line: always the two rounds before it. */
	LOOP (int64_t, less, 1, less < 100, less += 7) {
		struct matrix m = new_matrix("K");

		write_one();
		assert_int_equal(truncate(journal, whole.st_size - less), 0);
		assert_int_equal(reopen(true, &m, &e), 0);
		assert_int_equal(m.cells[0].run_count, 2);
		assert_int_equal(m.cells[1].state, STATE_PENDING);
		assert_int_equal(stat(journal, &cut), 0);
		matrix_free(&m);
		assert_int_equal(unlink(journal), 0);
	}
}

TEST_WITH(an_interrupted_sweep_loses_no_run, NULL, forget)
{
	struct matrix m = new_matrix("K");
	struct error e = { .status = STATUS_OK };

	write_one();
	assert_int_not_equal(reopen(false, &m, &e), 0);
	assert_non_null(strstr(e.what, "3 rounds"));
	assert_non_null(strstr(e.hint, "--resume"));
	assert_int_equal(access(journal, F_OK), 0);
	matrix_free(&m);
}

TEST_WITH(another_plan_or_host_is_refused, NULL, forget)
{
	struct matrix other_host = new_matrix("another K"), other_plan = new_matrix("K");
	struct error e = { .status = STATUS_OK }, e2 = { .status = STATUS_OK };

	write_one();
	assert_int_not_equal(reopen(true, &other_host, &e), 0);
	assert_non_null(strstr(e.what, "kernel was 'K', here it is 'another K'"));
	other_plan.cells[1].vcpus = 2;
	matrix_cell_name(&other_plan.cells[1]);
	assert_int_not_equal(reopen(true, &other_plan, &e2), 0);
	assert_non_null(strstr(e2.what, "other cells"));
	matrix_free(&other_host);
	matrix_free(&other_plan);
}

static void write_text(const char *text)
{
	int fd = open(journal, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

TEST_WITH(broken_journals_are_refused, NULL, forget)
{
	static const char *const texts[] = { "", "{}\n", "nonsense\n",
					     "{\"schema\": \"minivmm.sweep/2\"}\n" };

	EACH (i, texts) {
		struct matrix m = new_matrix("K");
		struct error e = { .status = STATUS_OK };

		write_text(texts[i]);
		assert_int_not_equal(reopen(true, &m, &e), 0);
		assert_int_equal(e.status, STATUS_FAILED);
		matrix_free(&m);
	}
}

/* A name proves nothing: the file may be the user's notes, of a later version, or a link to anything. */
TEST_WITH(what_is_no_journal_is_left_alone, NULL, forget)
{
	static const char *const texts[] = { "my notes\n", "{\"schema\":\"minivmm.sweep/2\"}\n", "{}\n" };

	LOOP (size_t, i, 0, i < sizeof(texts) / sizeof(texts[0]) + 1, i++) {
		struct matrix m = new_matrix("K");
		struct error e = { .status = STATUS_OK };
		struct stat st;

		if (i < sizeof(texts) / sizeof(texts[0]))
			write_text(texts[i]);
		else
			assert_int_equal(unlink(journal) | symlink("/dev/null", journal), 0);
		assert_int_not_equal(reopen(false, &m, &e), 0);
		assert_int_equal(e.status, STATUS_FAILED);
		assert_int_equal(lstat(journal, &st), 0);
		if (i < sizeof(texts) / sizeof(texts[0]))
			assert_int_equal(st.st_size, strlen(texts[i]));
		matrix_free(&m);
	}
}

/* Nothing in it yet, or only a piece of what we write first: nothing is lost. */
TEST_WITH(an_empty_journal_begins_anew, NULL, forget)
{
	static const char *const texts[] = { "", "{\"schema\":\"minivmm.sweep-jou" };

	EACH (i, texts) {
		struct matrix m = new_matrix("K");
		struct error e = { .status = STATUS_OK };

		write_text(texts[i]);
		assert_int_equal(reopen(false, &m, &e), 0);
		matrix_free(&m);
	}
}

TEST_WITH(one_writer_at_a_time, NULL, forget)
{
	struct matrix a = new_matrix("K"), b = new_matrix("K");
	struct error e = { .status = STATUS_OK };
	struct journal first, second;

	assert_int_equal(journal_open(json_path, false, &a, &first, &e), 0);
	assert_int_not_equal(journal_open(json_path, false, &b, &second, &e), 0);
	assert_non_null(strstr(e.what, "another sweep is writing"));
	journal_close(&first, true, &e);
	assert_int_not_equal(access(journal, F_OK), 0);
	matrix_free(&a);
	matrix_free(&b);
}

/* Another user's file under the journal's name, in a directory where anybody may leave one, is neither read nor written. */
TEST_WITH(a_journal_of_another_user_is_refused, NULL, forget)
{
	struct stat st;

	if (getuid() != 0) {
		print_message("SKIP: only root can make a file of another user\n");
		skip();
	}
	write_one();
	assert_int_equal(chmod(dir, 01777), 0);
	assert_int_equal(chown(journal, 65534, 65534), 0);
	LOOP (int, resume, 0, resume < 2, resume++) {
		struct matrix m = new_matrix("K");
		struct error e = { .status = STATUS_OK };

		assert_int_equal(reopen(resume == 1, &m, &e), -EACCES);
		assert_non_null(strstr(e.what, "is of user 65534"));
		assert_int_equal(m.resumed, 0);
		matrix_free(&m);
	}
	assert_int_equal(stat(journal, &st), 0);
	assert_true(st.st_size > 100);
}

TEST_WITH(streams_have_no_journal, NULL, forget)
{
	struct matrix m = new_matrix("K");
	struct error e = { .status = STATUS_OK };
	struct journal j;

	assert_int_equal(journal_open("-", false, &m, &j, &e), 0);
	assert_int_equal(journal_add(&j, &m.cells[0], 0, &e), 0);
	journal_close(&j, false, &e);
	assert_int_equal(journal_open("/dev/null", false, &m, &j, &e), 0);
	journal_close(&j, false, &e);
	assert_int_not_equal(access("/dev/null.journal", F_OK), 0);
	/* Whatever stdout is here, a file perhaps. */
	assert_int_equal(journal_open("/dev/stdout", false, &m, &j, &e), 0);
	assert_int_equal(j.fd, -1);
	journal_close(&j, false, &e);
	matrix_free(&m);
}

static int make_dir(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(json_path, sizeof(json_path), "%s/s.json", dir);
	(void)snprintf(journal, sizeof(journal), "%s.journal", json_path);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

static int forget(void **state)
{
	(void)state;
	return unlink(journal) == 0 || errno == ENOENT ? 0 : -1;
}

TEST_GROUP(make_dir, remove_dir)
