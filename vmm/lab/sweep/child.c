/*
 * One run as a process, and what it writes, kept in memory within bounds.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vmm/host/limits.h"
#include "vmm/lab/sweep/engine.h"
#include "vmm/util/clock.h"
#include "vmm/util/file.h"
#include "vmm/util/process.h"
#include "vmm/util/text.h"

#define READ_BYTES 65536

/* A record of 896 samples in hundreds of rows is some MiB; an error message some lines. */
#define CAPTURE_RECORD_BYTES (64UL * 1024 * 1024)
#define CAPTURE_MESSAGE_BYTES (8UL * 1024)

struct capture {
	int fd;     /* -1: at its end */
	char *data; /* owned, NUL-terminated; NULL: nothing came */
	size_t used, capacity, limit;
};

/* A new pipe: its reading end in *c, the other, for the process, in *write_fd; both close at exec. 0 or -errno. */
static int capture_open(struct capture *c, size_t limit_bytes, int *write_fd)
{
	int ends[2];

	*c = (struct capture){ .fd = -1, .limit = limit_bytes };
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -errno;
	c->fd = ends[0];
	*write_fd = ends[1];
	return 0;
}

static int reserve(struct capture *c, size_t bytes)
{
	size_t capacity = c->capacity == 0 ? READ_BYTES : c->capacity;
	char *grown;

	while (capacity < c->used + bytes + 1)
		capacity *= 2;
	if (capacity == c->capacity)
		return 0;
	grown = realloc(c->data, capacity);
	if (grown == NULL)
		return -ENOMEM;
	c->data = grown;
	c->capacity = capacity;
	return 0;
}

/*
 * Read what is there; at the end of the pipe c->fd becomes -1. What is beyond the limit is read and dropped, so that the
 * writer never hangs. 0 or -errno.
 */
static int capture_read(struct capture *c)
{
	char piece[READ_BYTES];
	ssize_t got = read(c->fd, piece, sizeof(piece));
	size_t kept = got > 0 ? (size_t)got : 0;

	if (got < 0)
		return errno == EINTR ? 0 : -errno;
	if (got == 0) {
		(void)close(c->fd);
		c->fd = -1;
		return 0;
	}
	if (kept > c->limit - c->used)
		kept = c->limit - c->used;
	if (kept == 0)
		return 0;
	if (reserve(c, kept) != 0)
		return -ENOMEM;
	memcpy(c->data + c->used, piece, kept);
	c->used += kept;
	c->data[c->used] = '\0';
	return 0;
}

/* Close and free; safe twice. */
static void capture_close(struct capture *c)
{
	if (c->fd >= 0)
		(void)close(c->fd);
	free(c->data);
	*c = (struct capture){ .fd = -1 };
}

#define POLL_MS 200
/* A child that was told to end and does not is killed after so long. */
#define GRACE_NS ((int64_t)(5 * NS_PER_S))

struct child {
	pid_t pid;
	struct capture out, err;
	int64_t start_ns, deadline_ns, kill_ns; /* kill_ns: 0 until it was told to end */
};

static void close_end(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

/* argv for exec: borrowed words, NULL at the end. NULL: no memory. */
static char **words_of(const json_t *command)
{
	static char quiet[] = "--quiet", json[] = "--json", dash[] = "-";
	size_t count = json_array_size(command), index;
	char **argv = calloc(count + 4, sizeof(*argv));
	const json_t *word;

	if (argv == NULL)
		return NULL;
	for (index = 0; index < count; index++) {
		word = json_array_get(command, index);
		argv[index] = (char *)json_string_value(word);
	}
	argv[count] = quiet;
	argv[count + 1] = json;
	argv[count + 2] = dash;
	return argv;
}

/* What failed between fork and exec. */
struct start_failure {
	int err; /* 0: nothing, the program runs */
	char call[16];
};

/*
 * In the child: only what is safe behind a fork. Does not return. What fails is told through the pipe, which exec closes.
 */
static void become(char **argv, int out_fd, int err_fd, int failed_fd, pid_t parent)
{
	struct start_failure f = { 0, "open" };
	int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	bool goes_on = null_fd >= 0;

	if (goes_on) {
		memcpy(f.call, "dup2", sizeof("dup2"));
		goes_on = dup2(null_fd, STDIN_FILENO) >= 0 && dup2(out_fd, STDOUT_FILENO) >= 0 &&
			  dup2(err_fd, STDERR_FILENO) >= 0;
	}
	if (goes_on) {
		memcpy(f.call, "prctl", sizeof("prctl"));
		goes_on = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
	}
	if (goes_on) {
		memcpy(f.call, "execve", sizeof("execve"));
		(void)execv(strchr(argv[0], '/') != NULL ? argv[0] : "/proc/self/exe", argv);
	}
	f.err = errno;
	(void)!write(failed_fd, &f, sizeof(f));
	(void)kill(getpid(), SIGKILL);
}

/* What it says of its start. Where that cannot be read, it is not known whether it runs. */
static struct start_failure start_failure_of(int failed_fd)
{
	struct start_failure f = { 0, "read" };
	ssize_t got = file_fill(failed_fd, (char *)&f, sizeof(f));

	f.err = got < 0 ? (int)-got : got == (ssize_t)sizeof(f) ? f.err : 0;
	return f;
}

static int start(struct child *c, char **argv, struct error *e)
{
	pid_t parent = getpid();
	int out_fd = -1, err_fd = -1, failed[2] = { -1, -1 }, ret;
	struct start_failure f = { 0 };

	ret = capture_open(&c->out, CAPTURE_RECORD_BYTES, &out_fd);
	if (ret == 0)
		ret = capture_open(&c->err, CAPTURE_MESSAGE_BYTES, &err_fd);
	if (ret == 0 && pipe2(failed, O_CLOEXEC) != 0)
		ret = -errno;
	if (ret != 0) {
		(void)error_set(e, STATUS_FAILED, -ret, "pipe", "cannot make a pipe for a run");
	} else {
		c->start_ns = (int64_t)clock_ns();
		c->pid = fork();
		if (c->pid == 0)
			become(argv, out_fd, err_fd, failed[1], parent);
		if (c->pid < 0) {
			ret = error_set(e, STATUS_FAILED, errno, "fork", "cannot start a run");
			(void)limits_explain_task("", "fork", e);
		}
	}
	close_end(out_fd);
	close_end(err_fd);
	close_end(failed[1]);
	if (ret == 0)
		f = start_failure_of(failed[0]);
	close_end(failed[0]);
	if (f.err == 0)
		return ret;
	(void)kill(c->pid, SIGKILL);
	(void)waitpid(c->pid, NULL, 0);
	return error_set(e, STATUS_FAILED, f.err, f.call, "cannot start this program again for a run");
}

static void tell_to_end(struct child *c)
{
	int64_t now_ns = (int64_t)clock_ns();

	if (c->kill_ns == 0 && (stop_requested() != 0 || now_ns > c->deadline_ns)) {
		c->kill_ns = now_ns + GRACE_NS;
		(void)kill(c->pid, SIGTERM);
	} else if (c->kill_ns != 0 && now_ns > c->kill_ns) {
		(void)kill(c->pid, SIGKILL);
	}
}

/* Until both pipes are closed, which the end of the process does at the latest. */
static int listen(struct child *c)
{
	while (c->out.fd >= 0 || c->err.fd >= 0) {
		struct pollfd polled[2] = { { .fd = c->out.fd, .events = POLLIN },
					    { .fd = c->err.fd, .events = POLLIN } };
		int ret = poll(polled, 2, POLL_MS);

		if (ret < 0 && errno != EINTR)
			return -errno;
		tell_to_end(c);
		ret = ret > 0 && polled[0].revents != 0 ? capture_read(&c->out) : 0;
		if (ret == 0 && polled[1].revents != 0)
			ret = capture_read(&c->err);
		if (ret != 0)
			return ret;
	}
	return 0;
}

static int reap(struct child *c, int *status)
{
	int wait_status;

	while (waitpid(c->pid, &wait_status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
		tell_to_end(c);
	}
	*status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
	return 0;
}

/* The first line of stderr is the error, without the program's name; the second its cure. */
static void put_message(const char *text, char *message, size_t size)
{
	static const char own[] = "minivmm: ", try[] = "\nminivmm: try: ";
	const char *cure;

	if (strncmp(text, own, sizeof(own) - 1) == 0)
		text += sizeof(own) - 1;
	cure = text + strcspn(text, "\n");
	(void)snprintf(message, size, "%.*s", (int)(cure - text), text);
	if (strncmp(cure, try, sizeof(try) - 1) == 0) {
		cure += sizeof(try) - 1;
		append(message, size, CURE_MARK "%.*s", (int)strcspn(cure, "\n"), cure);
	}
}

int child_run(const json_t *command, uint32_t limit_s, struct child_end *end, struct error *e)
{
	struct child c = { .out.fd = -1, .err.fd = -1 };
	char **argv = words_of(command);
	int ret;

	*end = (struct child_end){ 0 };
	if (argv == NULL)
		return error_set(e, STATUS_FAILED, ENOMEM, "sweep", "no memory for a command");
	ret = start(&c, argv, e);
	free(argv);
	if (ret == 0) {
		int reaped;

		c.deadline_ns = c.start_ns + limit_s * (int64_t)NS_PER_S;
		ret = listen(&c);
		if (ret != 0)
			(void)kill(c.pid, SIGKILL);
		reaped = reap(&c, &end->status);
		if (ret == 0)
			ret = reaped;
		if (ret != 0)
			(void)error_set(e, STATUS_FAILED, -ret, "sweep", "cannot read what a run says");
		end->wall_ns = (int64_t)clock_ns() - c.start_ns;
		put_message(c.err.data != NULL ? c.err.data : "", end->message, sizeof(end->message));
	}
	if (ret == 0) {
		end->output = c.out.data;
		end->output_bytes = c.out.used;
		c.out.data = NULL;
	}
	capture_close(&c.out);
	capture_close(&c.err);
	return ret;
}
