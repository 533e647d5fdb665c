/*
 * Limits that a control group, v1 or v2, puts on this process: the one with the least room left counts.
 */
#ifndef MINIVMM_HOST_CGROUP_H
#define MINIVMM_HOST_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

struct cgroup_limit {
	uint64_t limit_bytes, used_bytes;
	char path[256]; /* the file that holds the limit, as seen on the host; "" where none is in force */
};

/* What is left of a limit, in bytes; UINT64_MAX where none is in force (path ""). */
uint64_t cgroup_room(const struct cgroup_limit *limit);

/* Called with each limit found; `arg` is the caller's own. */
typedef void (*cgroup_visit)(const struct cgroup_limit *limit, void *arg);

/*
 * Every limit in force on this process's group and those above it (proc/self/cgroup, proc/self/mounts below root) on the huge pages of
 * one size: with `reserved` on what a process may have promised to it (rsvd), else on what it may use.
 */
void cgroup_each_hugetlb(const char *root, uint64_t page_bytes, bool reserved, cgroup_visit visit, void *arg);

/* The limit on ordinary memory with the least room. *out is zeroed where there is none, or no control groups at all. */
void cgroup_memory_limit(const char *root, struct cgroup_limit *out);

#endif
