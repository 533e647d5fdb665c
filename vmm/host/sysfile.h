/*
 * Text files of /proc and /sys, read below an injectable root: the only way this room opens a file. And the mounts in
 * /proc/self/mounts.
 */
#ifndef MINIVMM_HOST_SYSFILE_H
#define MINIVMM_HOST_SYSFILE_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/util/names.h"

/*
 * Read root/path (path without a leading slash) into buf as one NUL-terminated text: at most size - 1 bytes, the
 * rest is ignored; an embedded NUL ends it. Returns its length or -errno; buf is a string in either case.
 */
int sysfile_read(const char *root, const char *path, char *buf, size_t size);

/*
 * Keep open what is read of this host (root "") from now on, or no longer do so; what is kept is read again from its beginning,
 * by any thread, without being opened: for threads that may open no file. A file that is not there is "not there" again.
 * sysfile_forget() closes all of it. Both while no other thread reads.
 */
void sysfile_keep(bool on);

/* From now on files below /proc and /sys are reached from there: the user that this process becomes may not be let through `/`. */
void sysfile_anchor(void);

void sysfile_forget(void);

/* sysfile_read() of a one-line value: cut at the first newline, trimmed, unprintable bytes become '?'. */
int sysfile_value(const char *root, const char *path, char *buf, size_t size);

/* A file that holds one decimal number. 0, -EINVAL or -errno; *out is 0 on error. */
int sysfile_u64(const char *root, const char *path, uint64_t *out);

/* The word in brackets of "always [madvise] never". Returns its length, -EINVAL or -errno; buf "" on error. */
int sysfile_choice(const char *root, const char *path, char *buf, size_t size);

/*
 * The whole of a file of any size up to max_bytes, as a string the caller frees. 0, -EFBIG, -ENOMEM or -errno.
 */
int sysfile_slurp(const char *root, const char *path, size_t max_bytes, char **text);

/*
 * The numbers of the list ("0-3,8") in the line `key` of proc/self/status, each below `max`, into numbers[max]. Returns how
 * many; 0 where there is none.
 */
uint32_t sysfile_status_list(const char *root, const char *key, uint16_t *numbers, uint32_t max);

/* A boolean as the kernel prints it: Y or 1, N or 0; KNOWN_UNKNOWN for NULL and any other text. */
enum known known_boolean(const char *value);

/* Does root/path exist? KNOWN_UNKNOWN where a directory on the way may not be searched. */
enum known sysfile_exists(const char *root, const char *path);

/*
 * Open root/path with flags of open(2), O_CLOEXEC added: a descriptor or -errno. Of a root that is not "" nothing outside is
 * opened, wherever its links lead to.
 */
int sysfile_open(const char *root, const char *path, int flags);

/* The same as a directory to read, which the caller closes; NULL with errno set. */
DIR *sysfile_directory(const char *root, const char *path);

/* What the link root/path says, as a string of at most size - 1 bytes. Its length or -errno. */
int sysfile_link(const char *root, const char *path, char *buf, size_t size);

/* One line, its octal escapes undone (proc(5), getmntent(3)). Valid only during the visit. */
struct host_mount {
	const char *path, *type, *options;
	const char *
		root; /* what of the file system is mounted there; "/" where proc/self/mounts, which does not tell, is read */
};

/* Called with each mount in turn; false ends the walk. */
typedef bool (*mount_visit)(const struct host_mount *mount, void *arg);

/* Some 100,000 mounts, which is the kernel's own limit (fs.mount-max): a longer list is -EFBIG. */
#define MOUNTS_MAX_BYTES ((size_t)32 << 20)

/* Visit the lines of proc/self/mounts below root; a line with too few fields is passed over. 0 or -errno. */
int mounts_each(const char *root, mount_visit visit, void *arg);

/* The same of proc/self/mountinfo, whose options are those of the whole file system; of mounts where there is none. */
int mountinfo_each(const char *root, mount_visit visit, void *arg);

/*
 * The value of `name`= among comma-separated options as a size with suffix k, m or g of either case, or none; the last
 * one counts, as in the kernel. 0, or -ENOENT or -EINVAL with *bytes 0.
 */
int mount_option_size(const char *options, const char *name, uint64_t *bytes);

#endif
