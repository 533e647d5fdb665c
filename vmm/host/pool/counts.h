/*
 * The hugetlb pool of one page size, as the kernel counts it.
 */
#ifndef MINIVMM_HOST_POOL_COUNTS_H
#define MINIVMM_HOST_POOL_COUNTS_H

#include <stdint.h>

/* NUMA nodes are bits of a 64-bit mask; nodes beyond are not looked at. */
#define HOST_MAX_NODES 64

/* In pages, in the terms of /proc/meminfo: HugePages_Total, _Free, _Rsvd, _Surp. */
struct pool_counts {
	uint64_t total, free, reserved, surplus;
};

/*
 * Read sys/kernel/mm/hugepages/hugepages-<KiB>kB below `root` ("" is the real one).
 * -ENOENT: the kernel has no pool of that size (4 KiB among them): *out is all zero.
 */
int pool_read(const char *root, uint64_t page_bytes, struct pool_counts *out);

#endif
