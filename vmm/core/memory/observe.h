/*
 * What the kernel really mapped: smaps and numa_maps of our own mapping.
 */
#ifndef MINIVMM_CORE_MEMORY_OBSERVE_H
#define MINIVMM_CORE_MEMORY_OBSERVE_H

#include <stdint.h>

#include "vmm/core/spec.h"
#include "vmm/core/memory/backing.h"
#include "vmm/util/error.h"

struct observed_memory {
	uint64_t kernel_page_bytes; /* smaps KernelPageSize; 0: nothing found */
	uint64_t rss_bytes;         /* hugetlb pages included */
	uint64_t
		huge_bytes; /* of rss: mapped by PMD (AnonHugePages, ShmemPmdMapped, FilePmdMapped) or hugetlb */
	uint64_t
		page_bytes; /* the verdict: what a page of this mapping is, 0 where mixed or nothing resident */
	uint64_t node_pages[HOST_MAX_NODES]; /* pages of kernel_page_bytes on each NUMA node */
};

/* Pure: the sum over all VMAs of smaps text inside [start, end). 0 or -EINVAL for text that is not smaps. */
int observe_parse_smaps(const char *text, uint64_t start_hva, uint64_t end_hva, struct observed_memory *out);

/* Pure: node counts of the numa_maps lines that start inside [start, end). */
int observe_parse_numa_maps(const char *text, uint64_t start_hva, uint64_t end_hva,
			    struct observed_memory *out);

/* Read /proc/self/smaps and numa_maps (below `root`, "" normally) for this backing. */
int observe_backing(const char *root, const struct backing *b, struct observed_memory *out, struct error *e);

#endif
