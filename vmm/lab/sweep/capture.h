/*
 * What a process writes into a pipe, kept in memory within bounds.
 */
#ifndef MINIVMM_LAB_SWEEP_CAPTURE_H
#define MINIVMM_LAB_SWEEP_CAPTURE_H

#include <stddef.h>

/* A record of 896 samples in hundreds of rows is some MiB; an error message some lines. */
#define CAPTURE_RECORD_BYTES (64UL * 1024 * 1024)
#define CAPTURE_MESSAGE_BYTES (8UL * 1024)

struct capture {
	int fd;     /* -1: at its end */
	char *data; /* owned, NUL-terminated; NULL: nothing came */
	size_t used, capacity, limit;
};

/* A new pipe: its reading end in *c, the other, for the process, in *write_fd; both close at exec. 0 or -errno. */
int capture_open(struct capture *c, size_t limit_bytes, int *write_fd);

/*
 * Take what is there; at the end of the pipe c->fd becomes -1. What is beyond the limit is read and dropped, so that the
 * writer never hangs. 0 or -errno.
 */
int capture_take(struct capture *c);

/* Close and free; safe twice. */
void capture_close(struct capture *c);

#endif
