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

struct backing_type {
	enum backing_kind kind;
	uint64_t default_page_bytes; /* 0: the file system says */
	bool page_4k, page_2m, page_1g;
	bool share_default;
	bool has_file; /* a file descriptor is behind it */
	bool thp;      /* huge pages are asked for with madvise, not with a flag */
};

/* NULL for a kind that is not in the table. */
const struct backing_type *backing_type(enum backing_kind kind);

/* May this kind have that page? */
bool backing_type_has_page(const struct backing_type *type, uint64_t page_bytes);

/* "4K", "2M", "1G", "other". */
const char *backing_page_name(uint64_t page_bytes);

/*
 * Page size of the hugetlbfs or tmpfs that `path`, a directory or the name of a file to be, lies on.
 * 0, or -errno: not there, another file system, a file that exists already; with the mount command as the hint.
 */
int backing_file_page_bytes(const char *path, uint64_t *page_bytes, struct error *e);

/*
 * A file of spec->bytes without a name: O_TMPFILE at spec->path, so that not even kill -9 leaves one behind, or
 * memfd_create. Returns the descriptor, the caller's, or -errno.
 */
int backing_file_open(const struct backing_spec *spec, struct error *e);

/*
 * Fill *e if the mount's own size= limit leaves less than spec->bytes: -ENOSPC. 0 where it does not.
 */
int backing_file_check_mount(const struct backing_spec *spec, int fd, struct error *e);

/*
 * Refuse a policy without nodes, nodes that do not exist (STATUS_USAGE, naming those that do), and any of it on
 * a kernel without NUMA (STATUS_CANNOT). Sets the policy to bind where only nodes were named.
 */
int memory_policy_check(struct backing_spec *spec, struct error *e);

/* mbind of [hva, hva + spec->bytes): nothing in it may be populated yet. Nothing to do without nodes. */
int memory_policy_bind(const struct backing_spec *spec, void *hva, struct error *e);

/* Let the calling thread run on the CPUs of those nodes, where the fewest zeroed lines cross a socket. */
void memory_policy_run_near(uint64_t host_nodes);

#endif
