/*
 * A file that should hold JSON, from the disk. It may be anything: it is asked what it is, and how large, before it is
 * read, and is never read beyond the limit, however it grows meanwhile.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "vmm/lab/sweep/read_parts.h"
#include "vmm/util/file.h"

static int too_large(const char *path, uint64_t bytes, struct error *e)
{
	return error_set(e, STATUS_FAILED, EFBIG, path,
			 "has %" PRIu64 " bytes; a sweep of at most %" PRIu64 " is read", bytes,
			 READ_MAX_BYTES);
}

/* What the file at `path` holds into *text, which the caller frees. 0 or -errno with *e set. */
static int read_text(const char *path, char **text, size_t *bytes, struct error *e)
{
	int fd = file_open(path, false), ret;

	if (fd < 0) {
		ret = error_set(e, STATUS_FAILED, -fd, path, "cannot be opened");
		error_hint(e, "a file that minivmm sweep --json FILE wrote");
		return ret;
	}
	ret = file_read(fd, FILE_REGULAR, READ_MAX_BYTES, text, bytes);
	(void)close(fd);
	switch (ret) {
	case 0:
		return *bytes != 0
			       ? 0
			       : error_set(e, STATUS_FAILED, 0, path, "is empty, expected: a sweep's file");
	case -EISDIR:
		return error_set(e, STATUS_FAILED, EISDIR, path, "is a directory, expected: a sweep's file");
	case -EINVAL:
		return error_set(e, STATUS_FAILED, 0, path, "is no regular file, expected: a sweep's file");
	case -EFBIG:
		return too_large(path, *bytes, e);
	case -ENOMEM:
		return error_set(e, STATUS_FAILED, ENOMEM, path, "no memory for its contents");
	default:
		return error_set(e, STATUS_FAILED, -ret, path, "cannot be read");
	}
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
	json_error_t json_error;
	json_t *root = NULL;
	size_t bytes;
	char *text = NULL;

	if (read_text(path, &text, &bytes, e) == 0) {
		root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &json_error);
		if (root == NULL && json_error_code(&json_error) == json_error_out_of_memory)
			(void)error_set(e, STATUS_FAILED, ENOMEM, path, "no memory for its contents");
		else if (root == NULL)
			(void)not_json(path, &json_error, e);
	}
	free(text);
	return root;
}
