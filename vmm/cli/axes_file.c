/*
 * --axes FILE: the one file that the command line's parser reads.
 */
#include <unistd.h>

#include "vmm/cli/axes.h"
#include "vmm/util/file.h"

int request_read_axes(struct request *r, struct error *e)
{
	/* Values that are words stay in it. One byte more than a file may have, and the NUL. */
	static char text[AXES_FILE_BYTES + 2];
	const char *path = r->sweep.file;
	ssize_t count;
	int fd;

	if (path == NULL)
		return 0;
	fd = file_open(path, true);
	count = fd < 0 ? fd : file_fill(fd, text, AXES_FILE_BYTES + 1);
	if (fd >= 0)
		(void)close(fd);
	if (count < 0)
		return error_set(e, STATUS_USAGE, (int)-count, path, "the file of --axes cannot be read");
	if (count > AXES_FILE_BYTES)
		return error_set(e, STATUS_USAGE, 0, path, "more than 64K: this is no file of axes");
	text[count] = '\0';
	return request_assemble(r->argc, r->argv, text, (size_t)count, r, e);
}

_Static_assert(AXES_FILE_BYTES == 65536, "the text names this limit");
