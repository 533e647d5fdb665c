/*
 * The products of a command. A file is made in memory, written beside its place, and moved there when whole.
 */
#include "vmm/output/output.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "vmm/output/scribe.h"
#include "vmm/util/cause.h"
#include "vmm/util/clock.h"
#include "vmm/util/destination.h"
#include "vmm/util/file.h"
#include "vmm/util/text.h"

#define TEMPORARY_NAMES 100
#define TEMPORARY_BYTES sizeof(".minivmm-0123456789abcdef.tmp")
#define READER_WAIT_S 10
#define WHAT "%s could not be written"

static int fail(struct error *e, int err, const char *call, const char *path)
{
	char where[96], directory[PATH_MAX];
	uint32_t found;

	(void)snprintf(directory, sizeof(directory), "%s", path);
	found = access(dirname(directory), F_OK) == 0 ? DIRECTORY_THERE : 0;
	(void)snprintf(where, sizeof(where), "%s %s", call, path);
	(void)error_set(e, STATUS_FAILED, err, where, WHAT, path);
	return error_cause(e, "output", found, path);
}

/* Names that are never made: a mistyped one must not become a file among the devices. */
static bool is_of_the_kernel(const char *path)
{
	return (strncmp(path, "/dev/", 5) == 0 && strncmp(path, "/dev/shm/", 9) != 0) ||
	       strncmp(path, "/proc/", 6) == 0;
}

static bool is_direct(const struct destination *p, const char *path)
{
	return p->in_proc || (p->st.st_mode != 0 && !S_ISREG(p->st.st_mode)) || is_of_the_kernel(path);
}

int output_open(const char *path, struct destination *p, struct error *e)
{
	int ret = destination_open(path, true, p);
	char what[sizeof(e->what)];

	if (!p->refused)
		return ret == 0 ? 0 : fail(e, -ret, "open", path);
	(void)snprintf(what, sizeof(what), WHAT, path);
	return destination_refused(p, path, what, e);
}

bool output_is_direct(const char *path)
{
	struct destination p;
	bool direct = destination_open(path, true, &p) == 0 ? is_direct(&p, path) : is_of_the_kernel(path);

	destination_close(&p);
	return direct;
}

/* A FIFO can be opened once somebody reads it (else ENXIO): up to READER_WAIT_S, or until a signal comes. */
static int open_direct(const struct destination *p)
{
	int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | (p->in_proc ? 0 : O_NOFOLLOW), fd, ret;
	struct timespec pause = { .tv_nsec = NS_PER_S / 100 };
	uint64_t end_ns = clock_ns() + READER_WAIT_S * NS_PER_S;

	do
		fd = openat(p->dir, p->name, flags | (S_ISFIFO(p->st.st_mode) ? O_NONBLOCK : 0));
	while (fd < 0 && errno == ENXIO && clock_ns() < end_ns && nanosleep(&pause, NULL) == 0);
	if (fd < 0)
		return errno == EINTR ? -ENXIO : -errno;
	if (fcntl(fd, F_SETFL, O_APPEND) == 0)
		return fd;
	ret = -errno;
	(void)close(fd);
	return ret;
}

static int write_direct(const struct destination *p, const char *data, size_t bytes)
{
	int fd = open_direct(p), ret;

	if (fd < 0)
		return fd;
	ret = file_write(fd, data, bytes);
	return close(fd) != 0 && ret == 0 ? -errno : ret;
}

/* Keep the mode of a file that is replaced; write, and reach the disk before the name does. */
static int fill(int fd, mode_t mode, const char *data, size_t bytes)
{
	int ret;

	if (mode != 0 && fchmod(fd, mode & 0777) != 0)
		return -errno;
	ret = file_write(fd, data, bytes);
	if (ret == 0 && fsync(fd) != 0)
		ret = -errno;
	return ret;
}

/* Try names that nobody can know beforehand until `make` has made one of them; what it returned, or -EEXIST. */
static int with_new_name(const struct destination *p, int fd,
			 int (*make)(const struct destination *, int, const char *),
			 char name[TEMPORARY_BYTES])
{
	uint64_t number = clock_ns();
	int ret = -EEXIST;

	for (int attempt = 0; attempt < TEMPORARY_NAMES && ret == -EEXIST; attempt++) {
		/* Where there is no entropy yet, that nothing is replaced has to do: no file or link that is there is taken. */
		if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
			number++;
		(void)snprintf(name, TEMPORARY_BYTES, ".minivmm-%016" PRIx64 ".tmp", number);
		ret = make(p, fd, name);
	}
	return ret;
}

static int open_named(const struct destination *p, int fd, const char *name)
{
	(void)fd;
	fd = openat(p->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	return fd < 0 ? -errno : fd;
}

/* Needs no right of its own, as AT_EMPTY_PATH does before Linux 6.10, but /proc. */
static int give_name(const struct destination *p, int fd, const char *name)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, path, p->dir, name, AT_SYMLINK_FOLLOW) == 0 ? 0 : -errno;
}

/* Let p->name, whatever it was, be the file `temporary`. */
static int take_place(const struct destination *p, const char *temporary)
{
	int ret = renameat(p->dir, temporary, p->dir, p->name) == 0 ? 0 : -errno;

	if (ret != 0)
		(void)unlinkat(p->dir, temporary, 0);
	return ret;
}

/*
 * A file without a name gets one when it is whole, so that not even kill -9 leaves half of one behind. Where a file is
 * replaced there is a second name for the moment between linkat() and renameat().
 */
static int replace_unnamed(const struct destination *p, int fd, const char *data, size_t bytes)
{
	char temporary[TEMPORARY_BYTES];
	int ret = fill(fd, p->st.st_mode, data, bytes);

	if (ret == 0)
		ret = give_name(p, fd, p->name);
	if (ret == -EEXIST) {
		ret = with_new_name(p, fd, give_name, temporary);
		if (ret == 0)
			ret = take_place(p, temporary);
	}
	return ret;
}

static int replace_named(const struct destination *p, const char *data, size_t bytes)
{
	char temporary[TEMPORARY_BYTES];
	int fd = with_new_name(p, -1, open_named, temporary), ret;

	if (fd < 0)
		return fd;
	ret = fill(fd, p->st.st_mode, data, bytes);
	if (close(fd) != 0 && ret == 0)
		ret = -errno;
	if (ret == 0)
		return take_place(p, temporary);
	(void)unlinkat(p->dir, temporary, 0);
	return ret;
}

/* A file system without O_TMPFILE (NFS, 9p), or no /proc to name the file by: a name from the beginning. */
static int replace(const struct destination *p, const char *data, size_t bytes)
{
	int fd = openat(p->dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666), ret;

	if (fd < 0)
		return errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT
			       ? replace_named(p, data, bytes)
			       : -errno;
	ret = replace_unnamed(p, fd, data, bytes);
	if (close(fd) != 0 && ret == 0)
		ret = -errno;
	return ret == -ENOENT ? replace_named(p, data, bytes) : ret;
}

static int write_stdout(const char *data, size_t bytes, struct error *e)
{
	if (fwrite(data, 1, bytes, stdout) != bytes || fflush(stdout) != 0)
		return fail(e, errno, "write", "stdout");
	return 0;
}

int stream_finish(FILE *stream)
{
	if (fflush(stream) != 0)
		return -errno;
	return ferror(stream) != 0 ? -EIO : 0;
}

int output_check(const char *path, struct error *e)
{
	struct destination p;
	int ret;

	if (strcmp(path, "-") == 0)
		return 0;
	ret = output_open(path, &p, e);
	if (ret != 0)
		return ret;
	if (S_ISDIR(p.st.st_mode))
		ret = fail(e, EISDIR, "open", path);
	/* Unless it is written in place, what has to be writable is the directory: the record is moved into it. */
	else if (is_direct(&p, path) ? faccessat(p.dir, p.name, W_OK, 0) != 0
				     : faccessat(p.dir, ".", W_OK | X_OK, 0) != 0)
		ret = fail(e, errno, "open", path);
	destination_close(&p);
	return ret;
}

/* What was there at the start may be another file now, or none. A link that came meanwhile is replaced, not followed. */
static int look_again(struct destination *p)
{
	struct stat st = { 0 };

	if (p->in_proc)
		return 0;
	if (fstatat(p->dir, p->name, &st, AT_SYMLINK_NOFOLLOW) != 0 && errno != ENOENT)
		return -errno;
	p->st = st;
	if (S_ISLNK(st.st_mode))
		p->st.st_mode = 0;
	return S_ISREG(p->st.st_mode) || S_ISFIFO(p->st.st_mode) ? destination_check(p, &st) : 0;
}

int output_put_at(struct destination *p, const char *path, const char *data, size_t bytes, struct error *e)
{
	int ret = look_again(p);

	if (ret == 0)
		ret = is_direct(p, path) ? write_direct(p, data, bytes) : replace(p, data, bytes);
	return ret == 0 ? 0 : fail(e, -ret, "write", path);
}

int output_put(const char *path, const char *data, size_t bytes, struct error *e)
{
	struct destination p;
	int ret;

	if (strcmp(path, "-") == 0)
		return write_stdout(data, bytes, e);
	if (scribe_has(path))
		return scribe_put(path, data, bytes, e);
	ret = output_open(path, &p, e);
	if (ret != 0)
		return ret;
	ret = output_put_at(&p, path, data, bytes, e);
	destination_close(&p);
	return ret;
}

int output_file(const char *path, int (*write)(const void *product, FILE *out), const void *product,
		struct error *e)
{
	char *data = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&data, &bytes);
	int ret;

	if (memory == NULL)
		return fail(e, errno, "open_memstream", path);
	ret = write(product, memory);
	if (fclose(memory) != 0 && ret == 0)
		ret = -errno;
	ret = ret != 0 ? fail(e, -ret, "format", path) : output_put(path, data, bytes, e);
	free(data);
	return ret;
}

int outputs_check(const struct output_paths *paths, struct error *e)
{
	const char *const files[] = { paths->json, paths->csv, paths->svg };
	int ret = 0;

	for (int i = 0; i < 3 && ret == 0; i++)
		ret = files[i] != NULL ? output_check(files[i], e) : 0;
	return ret;
}

static bool is_stdout(const char *path)
{
	return path != NULL && strcmp(path, "-") == 0;
}

FILE *outputs_text_stream(const struct output_paths *paths)
{
	return is_stdout(paths->json) || is_stdout(paths->csv) || is_stdout(paths->svg) ? stderr : stdout;
}

/*
 * The text by way of memory: whoever put a name into it, a terminal gets no command of it. Returns 0 or -errno.
 */
static int put_text(FILE *out, int (*write)(const void *, FILE *), const void *product)
{
	char *data = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&data, &bytes);
	int ret = memory == NULL ? -errno : write(product, memory);

	if (memory != NULL && fclose(memory) != 0 && ret == 0)
		ret = -errno;
	if (ret == 0) {
		bytes = make_printable(data, "\n\t");
		if (fwrite(data, 1, bytes, out) != bytes)
			ret = errno != 0 ? -errno : -EIO;
	}
	free(data);
	return ret != 0 ? ret : stream_finish(out);
}

static int write_text(const struct output_paths *paths, int (*write)(const void *, FILE *),
		      const void *product, const char *command, struct error *e)
{
	FILE *out = outputs_text_stream(paths);
	int ret = put_text(out, write, product);

	if (ret == 0)
		return 0;
	if (command == NULL)
		command = out == stderr ? "stderr" : "stdout";
	(void)error_set(e, STATUS_FAILED, -ret, command, "cannot write");
	return error_cause(e, "stdout", 0, NULL);
}

int outputs_write(const struct output_paths *paths, const struct output_writers *writers, const void *product,
		  const char *command, struct error *e)
{
	int failed = 0;

	if (!paths->quiet && write_text(paths, writers->text, product, command, e) != 0)
		failed |= OUTPUT_TEXT;
	if (paths->json != NULL && output_file(paths->json, writers->json, product, e) != 0)
		failed |= OUTPUT_JSON;
	if (paths->csv != NULL && output_file(paths->csv, writers->csv, product, e) != 0)
		failed |= OUTPUT_CSV;
	if (paths->svg != NULL && output_file(paths->svg, writers->svg, product, e) != 0)
		failed |= OUTPUT_SVG;
	return failed;
}
