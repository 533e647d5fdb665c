#include "vmm/output/scribe.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "units.h"
#include "vmm/output/output.h"
#include "vmm/util/destination.h"
#include "vmm/util/file.h"

enum action { ACTION_PUT, ACTION_REMOVE, ACTION_ERRAND };

/* An order; behind it the bytes of the file. The answer is a struct error. */
struct order {
	uint32_t action, path; /* the path's number: only those named at the start are ever written */
	uint64_t bytes;
};

/* A record of all samples of hundreds of rows is some MiB. */
#define MOST_BYTES (UINT64_C(1) << 30)

static struct scribe_spec spec;
static int line = -1; /* to the scribe; -1: there is none */
static pthread_mutex_t line_lock = PTHREAD_MUTEX_INITIALIZER;

/* All of it, or -errno: -EPIPE where the other side has ended. */
static int receive(int fd, void *to, size_t bytes)
{
	while (bytes != 0) {
		ssize_t got = read(fd, to, bytes);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got == 0 ? -EPIPE : -errno;
		to = (char *)to + got;
		bytes -= (size_t)got;
	}
	return 0;
}

static bool is_file(const char *path)
{
	return path != NULL && strcmp(path, "-") != 0;
}

/* What follows until the next comment on "this side" runs in the scribe. */
static void put(int fd, const struct order *o, struct destination *places, struct error *e)
{
	char *data = o->bytes <= MOST_BYTES ? malloc(o->bytes + 1) : NULL;

	if (data == NULL || receive(fd, data, o->bytes) != 0)
		_exit(0);
	(void)output_put_at(&places[o->path], spec.paths[o->path], data, o->bytes, e);
	free(data);
}

static void obey(int fd, const struct order *o, struct destination *places, struct error *e)
{
	bool known = o->path < SCRIBE_MOST_PATHS && is_file(spec.paths[o->path]);

	if (o->action == ACTION_ERRAND && spec.errand != NULL)
		spec.errand();
	else if (o->action == ACTION_PUT && known)
		put(fd, o, places, e);
	else if (o->action == ACTION_REMOVE && known &&
		 unlinkat(places[o->path].dir, places[o->path].name, 0) != 0)
		(void)error_set(e, STATUS_FAILED, errno, "unlink", "%s could not be removed",
				spec.paths[o->path]);
}

static void on_signal(int signum)
{
	/* The user's signals are for the run, which still has a record to be written. They end a wait for a FIFO's reader. */
	(void)signum;
}

static _Noreturn void serve(int fd)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct destination places[SCRIBE_MOST_PATHS];
	struct error e = { .status = STATUS_OK };
	struct sigaction action = { .sa_handler = on_signal };
	struct order order;

	for (size_t i = 0; i < COUNT_OF(signals); i++)
		(void)sigaction(signals[i], &action, NULL);
	for (uint32_t i = 0; i < SCRIBE_MOST_PATHS && e.status == STATUS_OK; i++) {
		if (is_file(spec.paths[i]))
			(void)output_open(spec.paths[i], &places[i], &e);
	}
	while (file_write(fd, &e, sizeof(e)) == 0 && receive(fd, &order, sizeof(order)) == 0) {
		e = (struct error){ .status = STATUS_OK };
		obey(fd, &order, places, &e);
	}
	_exit(0);
}

/* This side. */
static int lost(int err, struct error *e)
{
	return error_set(e, STATUS_FAILED, err, "scribe",
			 "the process that writes the files does not answer");
}

static int answer(struct error *e)
{
	struct error told;
	int ret = receive(line, &told, sizeof(told));

	if (ret != 0)
		return lost(-ret, e);
	if (told.status == STATUS_OK)
		return 0;
	if (e->status == STATUS_OK)
		*e = told;
	return told.err > 0 ? -told.err : -EIO;
}

int scribe_start(const struct scribe_spec *asked, struct error *e)
{
	bool needed = asked->errand != NULL;
	int ends[2], err;
	pid_t pid;

	for (uint32_t i = 0; i < SCRIBE_MOST_PATHS; i++)
		needed |= is_file(asked->paths[i]);
	if (!needed)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return error_set(e, STATUS_FAILED, errno, "socketpair",
				 "no line to a process that writes files");
	spec = *asked;
	pid = fork();
	err = errno;
	if (pid == 0) {
		(void)close(ends[0]);
		serve(ends[1]);
	}
	(void)close(ends[1]);
	line = ends[0];
	if (pid > 0)
		return answer(e);
	scribe_end();
	return error_set(e, STATUS_FAILED, err, "fork", "no process that writes files");
}

static uint32_t number_of(const char *path)
{
	uint32_t i = 0;

	while (i < SCRIBE_MOST_PATHS && (!is_file(spec.paths[i]) || strcmp(spec.paths[i], path) != 0))
		i++;
	return i;
}

bool scribe_has(const char *path)
{
	return line >= 0 && number_of(path) < SCRIBE_MOST_PATHS;
}

static int give(const struct order *order, const char *data, struct error *e)
{
	int ret;

	(void)pthread_mutex_lock(&line_lock);
	ret = file_write(line, order, sizeof(*order));
	if (ret == 0)
		ret = file_write(line, data, order->bytes);
	ret = ret != 0 ? lost(-ret, e) : answer(e);
	(void)pthread_mutex_unlock(&line_lock);
	return ret;
}

int scribe_put(const char *path, const char *data, size_t bytes, struct error *e)
{
	const struct order order = { ACTION_PUT, number_of(path), bytes };

	return give(&order, data, e);
}

int scribe_remove(const char *path, struct error *e)
{
	const struct order order = { ACTION_REMOVE, number_of(path), 0 };

	return give(&order, NULL, e);
}

bool scribe_errand(void)
{
	const struct order order = { ACTION_ERRAND, 0, 0 };
	struct error ignored = { .status = STATUS_OK };

	return line >= 0 && spec.errand != NULL && give(&order, NULL, &ignored) == 0;
}

void scribe_end(void)
{
	if (line >= 0)
		(void)close(line);
	line = -1;
	spec = (struct scribe_spec){ .errand = NULL };
}
