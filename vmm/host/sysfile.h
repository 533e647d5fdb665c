/*
 * Small text files of /proc and /sys, read below an injectable root: the only way this room opens a file.
 */
#ifndef MINIVMM_HOST_SYSFILE_H
#define MINIVMM_HOST_SYSFILE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Read root/path (path without a leading slash) into buf as one NUL-terminated text: at most size - 1 bytes, the
 * rest is ignored; an embedded NUL ends it. Returns its length or -errno; buf is a string in either case.
 */
int sysfile_read(const char *root, const char *path, char *buf, size_t size);

/* The same for a one-line value: cut at the first newline, trimmed, unprintable bytes become '?'. */
int sysfile_value(const char *root, const char *path, char *buf, size_t size);

/* A file that holds one decimal number. 0, -EINVAL or -errno; *out is 0 on error. */
int sysfile_u64(const char *root, const char *path, uint64_t *out);

/* The word in brackets of "always [madvise] never". Returns its length, -EINVAL or -errno; buf "" on error. */
int sysfile_choice(const char *root, const char *path, char *buf, size_t size);

/*
 * The whole of a file of any size up to max_bytes, as a string the caller frees. 0, -EFBIG, -ENOMEM or -errno.
 */
int sysfile_slurp(const char *root, const char *path, size_t max_bytes, char **text);

/* 1 where root/path exists, else 0. */
int sysfile_exists(const char *root, const char *path);

/* root + "/" + path into buf. 0 or -ENAMETOOLONG. */
int sysfile_path(const char *root, const char *path, char *buf, size_t size);

#endif
