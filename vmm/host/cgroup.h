/*
 * This process's control groups: where the files of its own group and of those above it are, v1 and v2. What they limit is
 * limits.h's.
 */
#ifndef MINIVMM_HOST_CGROUP_H
#define MINIVMM_HOST_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/host/sysfile.h"

#define CGROUP_REASON_BYTES 256

/* A group in the hierarchy of one controller. */
struct cgroup {
	char *dir;        /* below root, without leading slash; owned */
	size_t top_bytes; /* of dir: the mount point, above which nothing is seen */
	bool v2;
	bool root;   /* dir is, as far as can be seen, the root of the hierarchy, which has no limits */
	bool hidden; /* a container: the mount point is a group that has others above it, which are not seen */
	bool counts_hugetlb; /* huge pages count as memory (memory_hugetlb_accounting) */
};

/*
 * Where this process's group of `controller` ("memory", "cpu") is (proc/self/cgroup, proc/self/mountinfo). KNOWN_YES: *group is
 * filled. KNOWN_NO: no such control groups are in use on this host. KNOWN_UNKNOWN: it is not found, and why[] says why.
 */
enum known cgroup_find(const char *root, const char *controller, struct cgroup *group,
		       char why[CGROUP_REASON_BYTES]);

/* On to the group above. False: none is to be seen. */
bool cgroup_up(struct cgroup *group);

void cgroup_free(struct cgroup *group);

/*
 * The one-line value of a file of the group, as sysfile_value(). -ENOENT means that this kernel, or this group, has no such
 * file, not that there is no such group: that is -ENOTDIR. *path, which the caller frees, is the file as seen on the host.
 */
int cgroup_value(const char *root, const struct cgroup *group, const char *file, char *buf, size_t size,
		 char **path);

/* The number behind `key` in lines of "key number" of a file of the group. 0 or -errno: -ENOENT where no line has it. */
int cgroup_keyed(const char *root, const struct cgroup *group, const char *file, const char *key,
		 uint64_t *value);

#endif
