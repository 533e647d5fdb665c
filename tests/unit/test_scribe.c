/*
 * Property: the scribe writes the files that it was told of at its start, whole, and no other, into the directories that were
 * there then; it ends with the process that it serves. It could break by a path that is looked up again when it is written,
 * by an order that names another file, and by a scribe that stays when its master was killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"
#include "vmm/output/output.h"
#include "vmm/output/scribe.h"

static char dir[] = "/tmp/minivmm-scribe-XXXXXX";

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL || chdir(dir) != 0 || mkdir("a", 0755) != 0;
}

static int remove_dir(void **state)
{
	static const char *const left[] = { "a/one", "a/two", "b/one", "b/two", "other", "errand" };

	(void)state;
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++)
		(void)unlink(left[i]);
	(void)rmdir("a");
	(void)rmdir("b");
	return chdir("/") != 0 || rmdir(dir) != 0;
}

TEST_GROUP(make_dir, remove_dir)

static int stop_scribe(void **state)
{
	(void)state;
	scribe_end();
	(void)waitpid(-1, NULL, 0);
	return 0;
}

static void errand(void)
{
	(void)close(open("errand", O_WRONLY | O_CREAT, 0600));
}

static void assert_content(const char *path, const char *text)
{
	char buf[64] = "";
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, buf, sizeof(buf) - 1) >= 0);
	(void)close(fd);
	assert_string_equal(buf, text);
}

static void start(void (*what)(void))
{
	const struct scribe_spec spec = { { "a/one", "-", NULL, "a/two" }, what };
	struct error e = { .status = STATUS_OK };

	assert_int_equal(scribe_start(&spec, &e), 0);
}

TEST_WITH(writes_where_the_directory_was, NULL, stop_scribe)
{
	struct error e = { .status = STATUS_OK };

	start(NULL);
	assert_true(scribe_has("a/one") && scribe_has("a/two"));
	assert_false(scribe_has("-") || scribe_has("a/three") || scribe_has("/etc/passwd"));
	/* The directory is renamed, and somebody else's takes its place with a trap in it. */
	assert_int_equal(rename("a", "b"), 0);
	assert_int_equal(mkdir("a", 0755), 0);
	assert_int_equal(symlink("../other", "b/two"), 0);
	assert_int_equal(output_put("a/one", "first", 5, &e), 0);
	assert_int_equal(output_put("a/two", "second", 6, &e), 0);
	assert_int_equal(output_put("a/one", "", 0, &e), 0);
	assert_content("b/one", "");
	assert_content("b/two", "second");
	assert_int_equal(access("other", F_OK), -1);
	assert_int_equal(access("a/one", F_OK), -1);
	assert_int_equal(scribe_remove("a/two", &e), 0);
	assert_int_equal(access("b/two", F_OK), -1);
	assert_int_equal(scribe_remove("a/two", &e), -ENOENT);
	assert_non_null(strstr(e.what, "a/two"));
	assert_false(scribe_errand());
	assert_int_equal(unlink("b/one"), 0);
	assert_int_equal(rmdir("a"), 0);
	assert_int_equal(rename("b", "a"), 0);
}

TEST_WITH(an_order_for_another_file_is_none, NULL, stop_scribe)
{
	struct error e = { .status = STATUS_OK };

	start(NULL);
	assert_int_equal(scribe_remove("/etc/hostname", &e), 0);
	assert_int_equal(scribe_remove("-", &e), 0);
	assert_int_equal(e.status, STATUS_OK);
}

TEST_WITH(errors_come_back, NULL, stop_scribe)
{
	struct error e = { .status = STATUS_OK };

	start(NULL);
	assert_int_equal(mkdir("a/one", 0755), 0);
	assert_true(output_put("a/one", "x", 1, &e) < 0);
	assert_int_equal(e.status, STATUS_FAILED);
	assert_int_equal(e.err, EISDIR);
	assert_non_null(strstr(e.what, "a/one could not be written"));
	assert_int_equal(rmdir("a/one"), 0);
}

TEST_WITH(runs_the_errand, NULL, stop_scribe)
{
	start(errand);
	assert_true(scribe_errand());
	assert_int_equal(access("errand", F_OK), 0);
}

TEST(nothing_to_do_is_no_process)
{
	const struct scribe_spec spec = { { NULL, "-" }, NULL };
	struct error e = { .status = STATUS_OK };

	assert_int_equal(scribe_start(&spec, &e), 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

TEST(a_scribe_that_was_killed_is_told)
{
	struct error e = { .status = STATUS_OK };
	char path[64], pid[16] = "";
	int fd;

	start(NULL);
	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	fd = open(path, O_RDONLY);
	if (fd < 0) {
		(void)stop_scribe(NULL);
		skip();
	}
	assert_true(read(fd, pid, sizeof(pid) - 1) > 0);
	(void)close(fd);
	assert_int_equal(kill((pid_t)strtol(pid, NULL, 10), SIGKILL), 0);
	assert_int_equal(waitpid(-1, NULL, 0), strtol(pid, NULL, 10));
	(void)signal(SIGPIPE, SIG_IGN);
	assert_int_equal(output_put("a/one", "x", 1, &e), -EPIPE);
	assert_string_equal(e.where, "scribe");
	assert_int_equal(access("a/one", F_OK), -1);
	scribe_end();
}

/* The pipe's end is inherited by the scribe: it closes when the last of both processes is gone. */
TEST(ends_with_its_master_and_writes_no_half_file)
{
	int ends[2];
	pid_t master;
	char byte;

	assert_int_equal(pipe(ends), 0);
	master = fork();
	assert_true(master >= 0);
	if (master == 0) {
		start(NULL);
		(void)close(ends[0]);
		for (;;)
			(void)pause();
	}
	(void)close(ends[1]);
	(void)usleep(50000);
	assert_int_equal(kill(master, SIGKILL), 0);
	assert_int_equal(waitpid(master, NULL, 0), master);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	(void)close(ends[0]);
	assert_int_equal(access("a/one", F_OK), -1);
}
