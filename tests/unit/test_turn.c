/*
 * Property: a sweep waits for another one's run, says for whom, and not for ever: any user may lock what sweeps lock, and one
 * that is stopped keeps it. It could break by a signal that comes just before flock() sleeps, and by taking the limit for
 * that of the whole wait, where several sweeps have their turns in between.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"
#include "vmm/lab/sweep/engine.h"
#include "vmm/util/clock.h"

static char path[] = "/tmp/minivmm-turn-XXXXXX";
static char told[128];
static int times_told;

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 || close(fd) != 0;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static void tell(const struct sweep_progress *p)
{
	assert_non_null(p->waiting_for);
	(void)snprintf(told, sizeof(told), "%s", p->waiting_for);
	times_told++;
}

static int open_it(void)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* A process that has the lock for so long. */
static pid_t hold(unsigned int ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
	int fd = open_it(), ready[2];
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int mine = open(path, O_RDONLY | O_CLOEXEC);

		if (mine < 0 || flock(mine, LOCK_EX) != 0 || write(ready[1], &byte, 1) != 1)
			_exit(1);
		(void)nanosleep(&time, NULL);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(close(ready[0]) | close(ready[1]) | close(fd), 0);
	return pid;
}

TEST(a_free_turn_and_none)
{
	struct error e = { 0 };
	int fd = open_it();

	assert_int_equal(turn_wait(-1, 1, tell, &e), 0);
	assert_int_equal(turn_wait(fd, 1, tell, &e), 0);
	turn_leave(fd);
	turn_leave(-1);
	assert_int_equal(close(fd), 0);
}

TEST(waits_until_it_is_given_back)
{
	struct error e = { 0 };
	int fd = open_it(), status;
	pid_t pid = hold(1500);
	int64_t waited_ns = turn_wait(fd, 60, NULL, &e);

	assert_true(waited_ns > 500000000 && waited_ns < INT64_C(10000000000));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(close(fd), 0);
}

TEST(a_holder_that_does_not_end_is_named_and_left)
{
	struct error e = { 0 };
	struct sigaction after;
	int fd = open_it(), status;
	pid_t pid = hold(60000);
	uint64_t start_ns = clock_ns();
	char name[64];

	times_told = 0;
	assert_int_equal(turn_wait(fd, 3, tell, &e), -EWOULDBLOCK);
	assert_true(clock_ns() - start_ns < 10 * NS_PER_S);
	(void)snprintf(name, sizeof(name), "process %d (test_turn)", (int)pid);
	assert_int_equal(times_told, 1);
	assert_string_equal(told, name);
	assert_non_null(strstr(e.what, name));
	assert_non_null(strstr(e.hint, "kill -CONT"));
	assert_int_equal(sigaction(SIGALRM, NULL, &after), 0);
	assert_ptr_equal(after.sa_handler, SIG_DFL);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(close(fd), 0);
}

TEST_GROUP(make_file, remove_file)
