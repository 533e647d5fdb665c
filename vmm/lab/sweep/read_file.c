/*
 * A file that should hold JSON, from the disk. It may be anything: it is asked what it is, and how large, before it is
 * read, and is never read beyond the limit, however it grows meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/lab/sweep/read_parts.h"

/* A file on its way into the parser. */
struct source {
	int fd;
	int err; /* of read() */
	uint64_t bytes;
};

/* For json_load_callback. What the parser takes for an end may be an error, or a file that grows: source says. */
static size_t read_some(void *buf, size_t size, void *data)
{
	struct source *source = data;
	ssize_t got;

	do {
		got = read(source->fd, buf, size);
	} while (got < 0 && errno == EINTR);
	if (got < 0) {
		source->err = errno;
		return (size_t)-1;
	}
	source->bytes += (uint64_t)got;
	if (source->bytes > READ_MAX_BYTES) {
		source->err = EFBIG;
		return (size_t)-1;
	}
	return (size_t)got;
}

static int too_large(const char *path, uint64_t bytes, struct error *e)
{
	return error_set(e, STATUS_FAILED, EFBIG, path,
			 "has %" PRIu64 " bytes; a sweep of at most %" PRIu64 " is read", bytes,
			 READ_MAX_BYTES);
}

/* The file's descriptor, or -errno with *e set. Opening a FIFO that nobody writes must not wait. */
static int open_file(const char *path, struct error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), ret = 0;
	struct stat st;

	if (fd < 0) {
		ret = error_set(e, STATUS_FAILED, errno, path, "cannot be opened");
		error_hint(e, "a file that minivmm sweep --json FILE wrote");
		return ret;
	}
	if (fstat(fd, &st) != 0)
		ret = error_set(e, STATUS_FAILED, errno, path, "cannot be examined");
	else if (S_ISDIR(st.st_mode))
		ret = error_set(e, STATUS_FAILED, EISDIR, path, "is a directory, expected: a sweep's file");
	else if (!S_ISREG(st.st_mode))
		ret = error_set(e, STATUS_FAILED, 0, path, "is no regular file, expected: a sweep's file");
	else if (st.st_size == 0)
		ret = error_set(e, STATUS_FAILED, 0, path, "is empty, expected: a sweep's file");
	else if ((uint64_t)st.st_size > READ_MAX_BYTES)
		ret = too_large(path, (uint64_t)st.st_size, e);
	if (ret == 0)
		return fd;
	(void)close(fd);
	return ret;
}

/* What is not JSON: where, and why. The parser quotes the file, so what a terminal would obey is replaced. */
static int not_json(const char *path, json_error_t *json_error, struct error *e)
{
	for (char *c = json_error->text; *c != '\0'; c++)
		*c = (char)(*c >= 0x20 && *c < 0x7f ? *c : '?');
	return error_set(e, STATUS_FAILED, 0, path, "is no JSON: line %d, column %d: %s", json_error->line,
			 json_error->column, json_error->text);
}

json_t *read_json(const char *path, struct error *e)
{
	struct source source = { .fd = open_file(path, e) };
	json_error_t json_error;
	json_t *root;

	if (source.fd < 0)
		return NULL;
	root = json_load_callback(read_some, &source, JSON_REJECT_DUPLICATES, &json_error);
	(void)close(source.fd);
	if (source.err == EFBIG)
		(void)too_large(path, source.bytes, e);
	else if (source.err != 0)
		(void)error_set(e, STATUS_FAILED, source.err, path, "cannot be read");
	else if (root == NULL && json_error_code(&json_error) == json_error_out_of_memory)
		(void)error_set(e, STATUS_FAILED, ENOMEM, path, "no memory for its contents");
	else if (root == NULL)
		(void)not_json(path, &json_error, e);
	else
		return root;
	json_decref(root);
	return NULL;
}
