/*
 * What control groups allow of the pages of one size.
 */
#include <string.h>

#include "units.h"
#include "vmm/host/pool/read.h"

struct collector {
	struct pool_size *size;
	uint64_t *smallest; /* of this kind */
};

/* Keep limits[] in the order of their room, the tightest first; what does not fit falls off the end. */
static void collect(const struct cgroup_limit *limit, void *arg)
{
	const struct collector *c = arg;
	struct pool_size *size = c->size;
	uint32_t at = 0;

	*c->smallest = min_u64(*c->smallest, limit->limit_bytes);
	while (at < size->limit_count && cgroup_room(&size->limits[at]) <= cgroup_room(limit))
		at++;
	if (at == POOL_MAX_LIMITS)
		return;
	if (size->limit_count < POOL_MAX_LIMITS)
		size->limit_count++;
	memmove(&size->limits[at + 1], &size->limits[at],
		(size->limit_count - at - 1) * sizeof(size->limits[0]));
	size->limits[at] = *limit;
}

void pool_read_limits(const char *root, struct pool_size *size)
{
	struct collector use = { .size = size, .smallest = &size->cgroup_max_bytes };
	struct collector promise = { .size = size, .smallest = &size->cgroup_rsvd_max_bytes };

	size->limit_count = 0;
	size->cgroup_max_bytes = POOL_UNLIMITED;
	size->cgroup_rsvd_max_bytes = POOL_UNLIMITED;
	cgroup_each_hugetlb(root, size->page_bytes, false, collect, &use);
	cgroup_each_hugetlb(root, size->page_bytes, true, collect, &promise);
	if (size->limit_count > 0)
		memcpy(size->cgroup_path, size->limits[0].path, sizeof(size->cgroup_path));
}
