/*
 * Whole files, read into memory: the one reader of the VMM. It never maps a file: one that shrinks meanwhile is then a
 * short read, not a SIGBUS. Errors are -errno; what to say of them is the caller's.
 */
#ifndef MINIVMM_UTIL_FILE_H
#define MINIVMM_UTIL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum file_kind {
	FILE_ANY,     /* pipes, /proc and /sys too: read until the end, whatever fstat() says of the size */
	FILE_REGULAR, /* others are refused; not read at all where its size is 0 */
};

/* How long a read waits for whoever writes into a FIFO or pipe. */
#define FILE_WAIT_S 5

/*
 * Open for reading: a descriptor or -errno. It never waits. With `wait`, the readers below wait up to FILE_WAIT_S for each
 * piece that is written into a FIFO (-ETIMEDOUT), or until a signal comes (-EINTR); without it they do not.
 */
int file_open(const char *path, bool wait);

/* What to say behind "cannot be read" of an -errno of this file; mostly "". */
const char *file_why(int err);

/* Fill buf from where fd stands, up to `size` bytes or the end of the file. Returns the count or -errno. */
ssize_t file_fill(int fd, char *buf, size_t size);

/*
 * All of fd from where it stands, NUL-terminated, into *text, which the caller frees, and the number of bytes before
 * that NUL into *bytes. 0; or *text is NULL and: -EISDIR, a directory; -EOPNOTSUPP, FILE_REGULAR and not one; -EFBIG, more
 * than max_bytes, with what is known of them in *bytes; -ENOMEM; -errno of the call that failed.
 */
int file_read(int fd, enum file_kind kind, size_t max_bytes, char **text, size_t *bytes);

/* Write all of it, into a file, pipe or socket, for as long as that takes; a signal interrupts nothing. 0 or -errno. */
int file_write(int fd, const void *data, size_t bytes);

#endif
