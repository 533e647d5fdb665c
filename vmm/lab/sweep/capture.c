#include "vmm/lab/sweep/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE_BYTES 65536

int capture_open(struct capture *c, size_t limit_bytes, int *write_fd)
{
	int ends[2];

	*c = (struct capture){ .fd = -1, .limit = limit_bytes };
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -errno;
	c->fd = ends[0];
	*write_fd = ends[1];
	return 0;
}

static int make_room(struct capture *c, size_t bytes)
{
	size_t capacity = c->capacity == 0 ? PIECE_BYTES : c->capacity;
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

int capture_take(struct capture *c)
{
	char piece[PIECE_BYTES];
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
	if (make_room(c, kept) != 0)
		return -ENOMEM;
	memcpy(c->data + c->used, piece, kept);
	c->used += kept;
	c->data[c->used] = '\0';
	return 0;
}

void capture_close(struct capture *c)
{
	if (c->fd >= 0)
		(void)close(c->fd);
	free(c->data);
	*c = (struct capture){ .fd = -1 };
}
