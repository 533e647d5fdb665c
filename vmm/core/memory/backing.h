/*
 * Guest RAM on the host: one table of backings, one mapping, taken and given back whole; populated beforehand, and observed.
 */
#ifndef MINIVMM_CORE_MEMORY_BACKING_H
#define MINIVMM_CORE_MEMORY_BACKING_H

#include <stdbool.h>
#include <stdint.h>

#include "units.h"
#include "vmm/core/spec.h"
#include "vmm/host/pool/pool.h"
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
	uint64_t prealloc_nodes; /* a populating thread runs on each of them; 0: threads near host_nodes */
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

/* All of it as a use of its pool, before anything is mapped. */
struct pool_use backing_pool_use(const struct backing_spec *spec);

/*
 * Map it, bind it to its nodes, advise it (NOHUGEPAGE, HUGEPAGE before any touch). Nothing is populated.
 * A file is created in a directory and unlinked at once; a named file that exists is refused.
 * On error nothing is left behind; a pool too small is explained by pool_explain (host/pool/pool.h).
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
 * memfd_create, then sealed against a change of its size where the kernel can. Returns the descriptor, the caller's, or
 * -errno.
 */
int backing_file_open(const struct backing_spec *spec, struct error *e);

/* Can no process change its size any more (fcntl(2), F_GET_SEALS)? */
bool backing_file_is_sealed(int fd);

/*
 * Fill *e if the mount's own size= limit leaves less than `bytes`, of which this run holds own_bytes: -ENOSPC, with room for all
 * of spec->bytes as the cure. 0 where it does not.
 */
int backing_file_check_mount(const struct backing_spec *spec, uint64_t bytes, uint64_t own_bytes,
			     struct error *e);

/* What min_size= of the file's hugetlbfs keeps for it, at most (host/mount.h); 0 where nothing is known of it. */
uint64_t backing_file_held_bytes(const struct backing_spec *spec);

/*
 * Refuse a policy without nodes, nodes that do not exist (STATUS_USAGE, naming those that do), and any of it on
 * a kernel without NUMA (STATUS_CANNOT). Sets the policy to bind where only nodes were named.
 */
int memory_policy_check(struct backing_spec *spec, struct error *e);

/*
 * Fill spec->prealloc_nodes for POPULATE_NEAR, POPULATE_FAR and POPULATE_NODES. Refuses near and far without a pinned first
 * vCPU (STATUS_USAGE), and what this host has no node for (STATUS_CANNOT). 0 or -errno.
 */
int memory_policy_prealloc_nodes(const struct machine_spec *asked, struct backing_spec *spec,
				 struct error *e);

/* The memory policy of the calling thread, while it has another one. */
struct task_policy {
	bool left;
	int mode;
	unsigned long nodes[1024 / 64]; /* the most nodes that Linux can have (NODES_SHIFT 10) */
};

/*
 * For the time of an mmap that reserves huge pages: the kernel checks the reservation against the policy of the task, not of
 * the mapping, which has none yet (mm/hugetlb.c: allowed_mems_nr, Linux 6.18). An inherited policy (numactl
 * --membind) would refuse pages of other nodes, and with the mapping's own a node that is short is told before any touch.
 * To be ended by memory_policy_restore on the same thread. Nothing to do without nodes.
 */
void memory_policy_enter(const struct backing_spec *spec, struct task_policy *inherited);
int memory_policy_restore(const struct task_policy *inherited, struct error *e);

/* mbind of [hva, hva + spec->bytes): nothing in it may be populated yet. Nothing to do without nodes. */
int memory_policy_bind(const struct backing_spec *spec, void *hva, struct error *e);

/* Let the calling thread run on the CPUs of those nodes, where the fewest zeroed lines cross a socket. */
void memory_policy_run_near(uint64_t host_nodes);

/*
 * Populate [hva, hva + bytes), writable. 0 or -errno: -ENOMEM, -EFAULT (a touch would have been a SIGBUS: no page
 * in the pool, or no room on the mount), -EHWPOISON. Restarted where a signal interrupts it.
 */
int populate_range(void *hva, uint64_t bytes);

/* Does this kernel (before 5.14) have no other way than mlock(2), whose price is RLIMIT_MEMLOCK? */
bool populate_locks(void);

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

struct observed_memory {
	uint64_t kernel_page_bytes; /* smaps KernelPageSize; 0: nothing found */
	uint64_t rss_bytes;         /* hugetlb pages included */
	uint64_t
		huge_bytes; /* of rss: mapped by PMD (AnonHugePages, ShmemPmdMapped, FilePmdMapped) or hugetlb */
	uint64_t
		page_bytes; /* the verdict: what a page of this mapping is, 0 where mixed or nothing resident */
	uint64_t node_pages[HOST_MAX_NODES]; /* pages of kernel_page_bytes on each NUMA node */
	bool sealed;                         /* there is a file, and no process can change its size */
};

/*
 * Pure: the two addresses that begin a VMA's first line, "7f00-7f10 rw-p ...". What follows them, or NULL where it is no such
 * line.
 */
const char *observe_smaps_header(const char *line, uint64_t *start, uint64_t *end);

/* Pure: the sum over all VMAs of smaps text inside [start, end). 0 or -EINVAL for text that is not smaps. */
int observe_parse_smaps(const char *text, uint64_t start_hva, uint64_t end_hva, struct observed_memory *out);

/* Pure: node counts of the numa_maps lines that start inside [start, end). */
int observe_parse_numa_maps(const char *text, uint64_t start_hva, uint64_t end_hva,
			    struct observed_memory *out);

/* Read /proc/self/smaps and numa_maps (below `root`, "" normally) for this backing. */
int observe_backing(const char *root, const struct backing *b, struct observed_memory *out, struct error *e);

/*
 * Refuse more than the host's memory and swap together, lazily or not: such a guest could only end in the OOM
 * killer. `root` as in host/facts.h. 0 or -ENOMEM.
 */
int room_check_total(const char *root, const struct backing_spec *spec, struct error *e);

/*
 * What the kernel may allocate on our behalf without bringing the host near its end: MemAvailable less a sixteenth of
 * all memory, and what the memory cgroup leaves. UINT64_MAX where neither is told.
 */
uint64_t room_to_spare(const char *root);

/*
 * Before populating: ordinary pages must fit MemAvailable, the nodes they are bound to, and the memory cgroup;
 * hugetlb pages the pool. 0 or -ENOMEM.
 */
int room_check_populate(const char *root, const struct backing_spec *spec, struct error *e);

/*
 * Before a run that populates as it goes and will certainly touch so much of page tables and working sets: that must fit the mount and, where it is not
 * reserved, the pool; ordinary memory what the memory cgroup leaves, swap included, or the kernel would kill the run in the middle. each: by how many the hint divides what fits. 0 or -ENOMEM.
 */
int room_check_touch(const char *root, const struct backing_spec *spec, uint64_t tables_bytes,
		     uint64_t set_bytes, uint32_t each, struct error *e);

/*
 * Fill *e with what is missing of the whole of `b`, and why: a mount's size limit, a pool or its cgroup, or the host's
 * memory. `where` names the access that failed, err its errno. Returns -err.
 */
int shortage_explain(const struct backing *b, int err, const char *where, struct error *e);

#endif
