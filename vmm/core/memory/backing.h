/*
 * Guest RAM on the host: one table of backings, one mapping, taken and given back whole.
 */
#ifndef MINIVMM_CORE_MEMORY_BACKING_H
#define MINIVMM_CORE_MEMORY_BACKING_H

#include <stdbool.h>
#include <stdint.h>

#include "units.h"
#include "vmm/core/spec.h"
#include "vmm/util/error.h"

struct backing_spec {
	enum backing_kind kind;
	const char *path;     /* BACKING_FILE */
	uint64_t page_bytes;  /* resolved */
	uint64_t bytes;       /* a multiple of page_bytes */
	uint64_t align_bytes; /* hva alignment: memmap_congruence_bytes() */
	bool share, reserve;
	uint64_t host_nodes;
	enum numa_policy policy;
};

struct backing {
	struct backing_spec spec;
	void *hva; /* NULL: nothing mapped */
	int fd;    /* -1: anonymous */
};

/* Do its pages come from a hugetlb pool? Only then can a pool be short, or explain anything. */
static inline bool backing_has_pool(const struct backing_spec *spec)
{
	return spec->kind != BACKING_THP && spec->page_bytes > PAGE_4K;
}

/*
 * Resolve kind, page size and defaults of share/reserve from a request: statfs of the path (hugetlbfs:
 * f_bsize; tmpfs: 4K), the kind's default page else. Fills all but bytes and align_bytes. Touches no memory.
 * Errors: no such path, neither hugetlbfs nor tmpfs, --page-size that contradicts the mount, a page size the
 * kernel has no pool for; each with the cure (mount command).
 */
int backing_resolve(const struct machine_spec *asked, struct backing_spec *spec, struct error *e);

/*
 * Map it, bind it to its nodes, advise it (NOHUGEPAGE, HUGEPAGE before any touch). Nothing is populated.
 * A file is created in a directory and unlinked at once; a named file that exists is refused.
 * On error nothing is left behind; a pool too small is explained by pool_explain (pool/pool_explain.h).
 */
int backing_map(const struct backing_spec *spec, struct backing *b, struct error *e);

/* Unmap and close; safe on a zeroed or failed backing, safe twice. */
void backing_unmap(struct backing *b);

/*
 * The one place where an offset into guest RAM becomes a host pointer. NULL unless [offset, offset + bytes)
 * lies inside, overflow included.
 */
void *backing_at(const struct backing *b, uint64_t offset_bytes, uint64_t bytes);

#endif
