/*
 * Limits that a control group, v1 or v2, puts on this process: the one with the least room left counts.
 */
#ifndef MINIVMM_HOST_CGROUP_H
#define MINIVMM_HOST_CGROUP_H

#include <stdint.h>

struct cgroup_limit {
	uint64_t limit_bytes, used_bytes;
	char path[256]; /* the file that holds the limit, as seen on the host; "" where none is in force */
};

/* The files of one limited resource (Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/hugetlb.rst). */
struct cgroup_resource {
	const char *controller;
	const char *v2_limit, *v2_used, *v1_limit, *v1_used;
};

/*
 * Of own group and all above it (proc/self/cgroup, proc/self/mounts below root), the limit with the least room.
 * *out is zeroed where there is none, or no control groups at all.
 */
void cgroup_tightest(const char *root, const struct cgroup_resource *resource, struct cgroup_limit *out);

/* The same for the huge pages of one size: the usage limit or the reservation limit, whichever is tighter. */
void cgroup_hugetlb_limit(const char *root, uint64_t page_bytes, struct cgroup_limit *out);

/* The same for ordinary memory. */
void cgroup_memory_limit(const char *root, struct cgroup_limit *out);

#endif
