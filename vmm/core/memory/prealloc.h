/*
 * Populate RAM before the guest touches it, by a call that can fail, never by a touch that can SIGBUS.
 */
#ifndef MINIVMM_CORE_MEMORY_PREALLOC_H
#define MINIVMM_CORE_MEMORY_PREALLOC_H

#include <stdint.h>

#include "vmm/core/memory/backing.h"
#include "vmm/util/error.h"

/*
 * Populate [hva, hva + bytes), writable. 0 or -errno: -ENOMEM, -EFAULT (a touch would have been a SIGBUS: no page
 * in the pool, or no room on the mount), -EHWPOISON. Restarted where a signal interrupts it.
 */
int populate_range(void *hva, uint64_t bytes);

struct prealloc_stats {
	uint32_t threads; /* used */
	uint64_t ns;      /* gate opened to last thread done */
};

/* Called by the main thread a few times a second; NULL: no progress. */
typedef void (*prealloc_progress)(uint64_t done_bytes, uint64_t total_bytes, uint64_t elapsed_ns);

/* min(cpus, asked or unlimited when 0, pages, bytes / 64 MiB), at least 1. Pure. */
uint32_t prealloc_threads(uint32_t cpus, uint32_t asked, uint64_t pages, uint64_t bytes);

/*
 * MADV_POPULATE_WRITE over the whole mapping, each thread an equal share of whole pages; threads start together
 * because creating a thread contends with faults for mmap_lock. Interruptible: returns -EINTR (STATUS_FAILED)
 * when stop_requested(). A shortage (ENOMEM, EFAULT on a hugetlb mapping that was not reserved, EHWPOISON) is
 * explained in numbers.
 */
int prealloc_run(const struct backing *b, uint32_t asked_threads, prealloc_progress progress,
		 struct prealloc_stats *stats, struct error *e);

#endif
