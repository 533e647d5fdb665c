/*
 * What is mounted where, as /proc/self/mounts tells it: one parser for all who ask.
 */
#ifndef MINIVMM_HOST_MOUNTS_H
#define MINIVMM_HOST_MOUNTS_H

#include <stdbool.h>
#include <stdint.h>

/* One line, its octal escapes undone (proc(5), getmntent(3)). Valid only during the visit. */
struct host_mount {
	const char *path, *type, *options;
};

/* Called with each mount in turn; false ends the walk. */
typedef bool (*mount_visit)(const struct host_mount *mount, void *arg);

/* Visit the lines of proc/self/mounts below root; a line with too few fields is passed over. 0 or -errno. */
int mounts_each(const char *root, mount_visit visit, void *arg);

/*
 * The value of `name`= among comma-separated options as a size with suffix k, m or g of either case, or none; the last
 * one counts, as in the kernel. 0, or -ENOENT or -EINVAL with *bytes 0.
 */
int mount_option_size(const char *options, const char *name, uint64_t *bytes);

#endif
