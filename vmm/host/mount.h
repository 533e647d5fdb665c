/*
 * The file system that a path lies on: where and how it is mounted, what its limits leave, and the command that enlarges it.
 */
#ifndef MINIVMM_HOST_MOUNT_H
#define MINIVMM_HOST_MOUNT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of size= and nr_inodes=. */
#define MOUNT_UNLIMITED UINT64_MAX

struct mount_room {
	char path
		[PATH_MAX]; /* the mount point; "" where proc/self/mounts does not tell, and then no command is known */
	char options[4096]; /* as the kernel prints them */
	bool hugetlbfs;     /* else tmpfs */
	uint64_t page_bytes;
	uint64_t size_bytes, free_bytes;
	uint64_t inodes, inodes_free;
	/*
	 * Of the pages that the pool counts as reserved, those that min_size= sets aside for files of this mount. An upper bound:
	 * without size= the kernel does not tell how many of them are taken.
	 */
	uint64_t held_bytes;
};

/* Of the hugetlbfs or tmpfs that the directory `dir` of this host lies on (statfs, proc/self/mounts). 0 or -errno. */
int mount_read(const char *dir, struct mount_room *m);

/* Pure: `options` with name=value in place of what stood there for `name`. False where it does not fit. */
bool mount_options_with(const char *options, const char *name, const char *value, char *buf, size_t size);

/*
 * What has to be typed so that the mount has room for `bytes`, of which the caller holds own_bytes already, into buf[0..size);
 * "" where there is no such command, or it does not fit. The kernel's hugetlbfs takes a remount and ignores it
 * (hugetlbfs_fs_context_ops has no reconfigure), so it is mounted anew, with its other options, where nobody else has
 * pages in it. Pure.
 */
void mount_size_command(const struct mount_room *m, uint64_t bytes, uint64_t own_bytes, char *buf,
			size_t size);

/* The same where nr_inodes= allows no further file. */
void mount_inodes_command(const struct mount_room *m, char *buf, size_t size);

#endif
