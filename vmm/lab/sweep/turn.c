/*
 * The lock by which sweeps on one host take turns.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "vmm/lab/sweep/engine.h"
#include "vmm/util/clock.h"
#include "vmm/util/file.h"
#include "vmm/util/process.h"
#include "vmm/util/text.h"

/*
 * Sweeps that run on one host at the same time take turns, run by run: two at once would spoil each other's figures and
 * take each other's huge pages. The lock (flock) is on a directory of the kernel that every user may read, so nothing
 * on the host is changed; and so every user may keep it, which is why the wait has a limit.
 */
#define LOCKED_DIRECTORY "/sys/kernel/mm"

/* Long enough for a waiting sweep to wake up and lock; without a pause the sweep that unlocks would always lock first again. */
#define COURTESY_NS 500000

#define TELL_AFTER_NS (2 * NS_PER_S)
#define LOCKS_MAX_BYTES ((size_t)1 << 20)
#define HOLDER_BYTES 64

int turn_open(void)
{
	return open(LOCKED_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* All of a file of /proc, which the caller frees; NULL where it cannot be read. */
static char *read_proc(const char *path)
{
	int fd = file_open(path, false);
	size_t bytes;
	char *text = NULL;

	if (fd >= 0) {
		(void)file_read(fd, FILE_ANY, LOCKS_MAX_BYTES, &text, &bytes);
		(void)close(fd);
	}
	return text;
}

/*
 * The process that has the lock of fd, or 0: not known. A line of /proc/locks, by lock_get_status() of the kernel's fs/locks.c:
 * "1: FLOCK  ADVISORY  WRITE 1234 00:17:99 0 EOF"; of one who waits it begins "1: -> ".
 */
static uint32_t holder_of(int fd)
{
	char *text = read_proc("/proc/locks"), *rest = text, *line, file[64];
	struct stat st = { 0 };
	uint32_t pid = 0;

	(void)fstat(fd, &st);
	(void)snprintf(file, sizeof(file), " %02x:%02x:%ju ", major(st.st_dev), minor(st.st_dev),
		       (uintmax_t)st.st_ino);
	while (pid == 0 && rest != NULL && (line = strsep(&rest, "\n")) != NULL) {
		char *found = strstr(line, file), *word;

		if (found == NULL || strstr(line, "->") != NULL || strstr(line, " FLOCK ") == NULL)
			continue;
		*found = '\0';
		word = strrchr(line, ' ');
		pid = word != NULL ? (uint32_t)strtoul(word, NULL, 10) : 0;
	}
	free(text);
	return pid;
}

static void name_holder(uint32_t pid, char name[HOLDER_BYTES])
{
	char path[32], safe[32], *comm;

	if (pid == 0) {
		(void)snprintf(name, HOLDER_BYTES, "a process that /proc/locks does not name");
		return;
	}
	(void)snprintf(path, sizeof(path), "/proc/%" PRIu32 "/comm", pid);
	comm = read_proc(path);
	if (comm != NULL)
		comm[strcspn(comm, "\n")] = '\0';
	(void)snprintf(name, HOLDER_BYTES, "process %" PRIu32 "%s%s%s", pid, comm != NULL ? " (" : "",
		       comm != NULL ? printable(comm, safe, sizeof(safe)) : "", comm != NULL ? ")" : "");
	free(comm);
}

static int give_up(uint32_t pid, uint32_t limit_s, struct error *e)
{
	char name[HOLDER_BYTES];

	name_holder(pid, name);
	(void)error_set(e, STATUS_FAILED, EWOULDBLOCK, "flock " LOCKED_DIRECTORY,
			"%s has had the turn of sweeps on this host for %" PRIu32 " s", name, limit_s);
	return error_hint(e, "end it, or let it go on where it is stopped (kill -CONT), then --resume");
}

static void on_alarm(int signum)
{
	/* Its only work is to interrupt flock(). */
	(void)signum;
}

/* The same as turn_wait, with an alarm that interrupts flock() every second. */
static int64_t wait_for_lock(int fd, uint32_t limit_s, sweep_progress_fn progress, struct error *e)
{
	uint64_t start_ns = clock_ns(), since_ns = start_ns;
	uint32_t holder = holder_of(fd);
	bool told = progress == NULL;

	while (flock(fd, LOCK_EX) != 0) {
		uint64_t now_ns = clock_ns();
		uint32_t pid;

		if (errno != EINTR)
			return 0; /* a file system without locks */
		if (stop_requested() != 0)
			return -EINTR;
		pid = holder_of(fd);
		since_ns = pid == holder ? since_ns : now_ns;
		holder = pid;
		if (!told && now_ns - start_ns >= TELL_AFTER_NS) {
			char name[HOLDER_BYTES];

			name_holder(pid, name);
			progress(&(const struct sweep_progress){ .waiting_for = name });
			told = true;
		}
		if (now_ns - since_ns >= limit_s * NS_PER_S)
			return give_up(pid, limit_s, e);
	}
	return (int64_t)(clock_ns() - start_ns);
}

int64_t turn_wait(int fd, uint32_t limit_s, sweep_progress_fn progress, struct error *e)
{
	static const struct itimerval every_second = { { .tv_sec = 1 }, { .tv_sec = 1 } }, never = { 0 };
	struct sigaction action = { .sa_handler = on_alarm }, before; /* no SA_RESTART */
	int64_t ret;

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (sigaction(SIGALRM, &action, &before) != 0 || setitimer(ITIMER_REAL, &every_second, NULL) != 0)
		return error_set(e, STATUS_FAILED, errno, "setitimer",
				 "the wait for another sweep has no limit");
	ret = wait_for_lock(fd, limit_s, progress, e);
	(void)setitimer(ITIMER_REAL, &never, NULL);
	(void)sigaction(SIGALRM, &before, NULL);
	return ret;
}

void turn_leave(int fd)
{
	struct timespec pause = { .tv_nsec = COURTESY_NS };

	if (fd < 0 || flock(fd, LOCK_UN) != 0)
		return;
	(void)nanosleep(&pause, NULL);
}
