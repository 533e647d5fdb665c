/*
 * Property: no file that the program opens ever becomes its stdin, stdout or stderr, and a write to a closed pipe is
 * an error and not the end. Guest RAM on descriptor 2 would be overwritten by the progress line.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"
#include "units.h"
#include "vmm/util/process.h"

/* In a child, which has lost its streams: the number of the line that was wrong. */
static int closed_streams(void)
{
	struct error e = { 0 };
	char c = 0;
	int ends[2];

	(void)close(STDIN_FILENO);
	(void)close(STDOUT_FILENO);
	(void)close(STDERR_FILENO);
	if (streams_init(&e) != 0)
		return __LINE__;
	if (read(STDIN_FILENO, &c, 1) != -1 || errno != EBADF)
		return __LINE__;
	if (write(STDOUT_FILENO, &c, 1) != -1 || errno != EBADF)
		return __LINE__;
	if (write(STDERR_FILENO, &c, 1) != -1 || errno != EBADF)
		return __LINE__;
	if (pipe(ends) != 0 || ends[0] <= STDERR_FILENO || close(ends[0]) != 0)
		return __LINE__;
	if (write(ends[1], &c, 1) != -1 || errno != EPIPE)
		return __LINE__;
	return 0;
}

TEST(closed_streams_stay_closed)
{
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (child == 0)
		_exit(closed_streams());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

TEST(open_streams_are_left_alone)
{
	struct error e = { 0 };
	int before = fcntl(STDOUT_FILENO, F_GETFL);

	assert_int_equal(streams_init(&e), 0);
	assert_int_equal(fcntl(STDOUT_FILENO, F_GETFL), before);
	assert_int_equal(e.status, STATUS_OK);
}

/* Of the environment only the words that do harm go, and the separators with them. */
TEST(words_are_dropped_whole)
{
	static const struct {
		const char *list, *separators, *part, *rest;
	} rows[] = {
		{ "glibc.malloc.hugetlb=2", ":", "glibc.malloc.hugetlb=", "" },
		{ "a=1:glibc.malloc.hugetlb=2:b=2", ":", "glibc.malloc.hugetlb=", "a=1:b=2" },
		{ "a=1:glibc.malloc.hugetlb=2", ":", "glibc.malloc.hugetlb=", "a=1" },
		{ "glibc.malloc.hugetlb=1:a=1:glibc.malloc.hugetlb=2", ":", "glibc.malloc.hugetlb=", "a=1" },
		{ "a=1:b=2:", ":", "glibc.malloc.hugetlb=", "a=1:b=2:" },
		{ "/lib/libx.so /lib/libhugetlbfs.so.0:y.so", ": ", "libhugetlbfs", "/lib/libx.so y.so" },
		{ "a.so b.so", "", "", "" },
		{ "", "", "", "" },
	};
	char list[64];

	LOOP (size_t, i, 0, i < COUNT_OF(rows), i++) {
		(void)snprintf(list, sizeof(list), "%s", rows[i].list);
		assert_int_equal(list_drop(list, rows[i].separators, rows[i].part),
				 strcmp(rows[i].list, rows[i].rest) != 0);
		assert_string_equal(list, rows[i].rest);
	}
}
