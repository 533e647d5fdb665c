/*
 * --axes FILE: the one file that the command line's parser reads.
 */
#include <errno.h>
#include <stdio.h>

#include "vmm/cli/axes.h"

/* Up to size bytes. Their number or -errno. */
static long read_text(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t count;
	int failed;

	if (file == NULL)
		return -errno;
	errno = 0;
	count = fread(text, 1, size, file);
	failed = ferror(file) != 0 ? errno : 0;
	(void)fclose(file);
	return failed != 0 ? -failed : (long)count;
}

int request_read_axes(struct request *r, struct error *e)
{
	/* Values that are words stay in it. One byte more than a file may have, and the NUL. */
	static char text[AXES_FILE_BYTES + 2];
	const char *path = r->sweep.file;
	long count;

	if (path == NULL)
		return 0;
	count = read_text(path, text, AXES_FILE_BYTES + 1);
	if (count < 0)
		return error_set(e, STATUS_USAGE, (int)-count, path, "the file of --axes cannot be read");
	if (count > AXES_FILE_BYTES)
		return error_set(e, STATUS_USAGE, 0, path, "more than 64K: this is no file of axes");
	text[count] = '\0';
	return request_assemble(r->argc, r->argv, text, (size_t)count, r, e);
}

_Static_assert(AXES_FILE_BYTES == 65536, "the text names this limit");
