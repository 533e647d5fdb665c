/*
 * The hugetlb pools of this host: their counts, a report of them all, the plan for a run, both as text and JSON, and the
 * error of a run that could not have its pages.
 */
#ifndef MINIVMM_HOST_POOL_H
#define MINIVMM_HOST_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "vmm/host/limits.h"
#include "vmm/util/error.h"

/* In pages, in the terms of /proc/meminfo: HugePages_Total, _Free, _Rsvd, _Surp. */
struct pool_counts {
	uint64_t total, free, reserved, surplus;
};

/*
 * Read sys/kernel/mm/hugepages/hugepages-<KiB>kB below `root` ("" is the real one).
 * -ENOENT: the kernel has no pool of that size (4 KiB among them): *out is all zero, as with -ENODATA: that is not shown
 * here (a container may hide it), and only a mapping can tell.
 */
int pool_read(const char *root, uint64_t page_bytes, struct pool_counts *out);

#define POOL_UNLIMITED UINT64_MAX

struct pool_node {
	uint32_t node;
	uint64_t total, free, surplus; /* in pages; the kernel keeps no reservations a node */
	uint64_t spare_bytes; /* of the node: what its pool could grow by at most; UINT64_MAX: not known */
};

struct pool_size {
	uint64_t page_bytes;
	bool is_default;
	struct pool_counts counts;
	uint64_t overcommit; /* nr_overcommit_hugepages */
	/* Pages that the kernel would still make when they are mapped: overcommit - surplus, as memory allows. */
	uint64_t on_demand_pages;
	uint32_t node_count;
	struct pool_node nodes[HOST_MAX_NODES];
	/* Limits of this process's cgroup and those above it, in bytes; POOL_UNLIMITED where none is in force. */
	uint64_t cgroup_max_bytes, cgroup_rsvd_max_bytes;
	/* All of them, of both kinds, and whether there may be others. */
	struct limits limits;
	uint64_t
		available_pages; /* what this process could really reserve now: pool_account(), all of it together */
};

struct pool_mount {
	char *path, *options;
	uint64_t page_bytes; /* 0: not among the options, and statfs is not available */
	uint64_t held_bytes; /* kept for its files by min_size=, those that they have among them */
};

/* As many as there are; owned. */
struct pool_report {
	int unread_err; /* errno of the first file or folder of pools that is there, but could not be read; 0: none */
	char unread[128]; /* which */
	bool sizes_hidden; /* no size is seen, though the kernel has pools or may have them: a container hides /sys */
	uint32_t size_count;
	struct pool_size *sizes;
	bool mounts_known; /* proc/self/mounts was read */
	uint32_t mount_count;
	struct pool_mount *mounts;
	uint32_t nodes_beyond;           /* nodes from HOST_MAX_NODES on, which are not looked at */
	uint64_t memory_available_bytes; /* MemAvailable; 0: not known */
	uint64_t spare_bytes; /* of it, what pools may grow by: meminfo_spare(); UINT64_MAX: not known */
	struct usable_nodes allowed;
};

/* A mapping, as far as the pages go that it still has to get. */
struct pool_use {
	uint64_t page_bytes, bytes;
	uint64_t nodes;          /* mask of those that it is bound to; 0: to none */
	uint64_t promised_bytes; /* of bytes, what the kernel has promised to it, and so counts as reserved */
	uint64_t held_bytes;     /* reserved for files of its mount, at most (mount.h) */
	bool unreserved;         /* its pages are taken as they are touched (MAP_NORESERVE) */
	bool refused;            /* the kernel has just failed to give one: none can be made on demand */
};

/* What there is for it, in pages, each on top of the one before. */
struct pool_account {
	uint64_t free;      /* in the pool and not promised to others, on the nodes where it may have them */
	uint64_t on_demand; /* that the kernel may make */
	uint64_t
		grow; /* for the free ones alone: that can be added without starving the host; UINT64_MAX: not known */
	uint64_t limit; /* no more than these, by the tightest limit of a control group; UINT64_MAX: none */
};

/* Does it limit what is promised (rsvd), which a mapping asks for once, rather than what is used? */
static inline bool limits_promises(const struct limit *limit)
{
	return strstr(limit->path, ".rsvd.") != NULL;
}

/* Why a run is bound to nodes. */
enum pool_bound { BOUND_NONE, BOUND_ASKED, BOUND_POLICY, BOUND_CPUSET };

/*
 * What a run needs of a pool and what is missing. Where a cpuset or an inherited memory policy keeps this process off
 * some nodes, the others count as asked for.
 */
struct pool_plan {
	uint64_t bytes, page_bytes;
	uint64_t needed_pages;
	uint64_t promised_bytes;  /* of bytes, for which a limit on promises has given its consent */
	bool enough;              /* nothing to add, no limit too tight */
	bool memory_fits;         /* what is missing can be added */
	uint64_t available_pages; /* of the pool and those nodes; limits apart */
	uint64_t on_demand_pages; /* of needed_pages, what counts on overcommit */
	uint64_t missing_pages;   /* to add to the pool, 0 where a limit alone is too tight */
	uint64_t limit_pages;     /* UINT64_MAX: none */
	uint64_t
		largest_bytes; /* the largest plan that can be had, within the limits; UINT64_MAX: not known */
	enum pool_bound bound;
	uint32_t node_count; /* of nodes[], 0: not bound */
	struct pool_plan_node {
		uint32_t node;
		uint64_t needed, free;
		uint64_t total, missing; /* pages there now and to be added */
		uint64_t spare_bytes;
	} nodes[HOST_MAX_NODES];
};

/*
 * Read below `root`. *report is zero or was read before. What cannot be read, or finds no memory, is zero; limits say so
 * themselves, of the rest pool_report_check() does.
 */
void pool_report_read(const char *root, struct pool_report *report);

/* Are its counts known? 0, or -errno with *e set. */
int pool_report_check(const struct pool_report *report, struct error *e);

/* Free what it owns and make it zero. */
void pool_report_free(struct pool_report *report);

/*
 * Pure; the one place that knows what a mapping can have. The kernel's own rules: hugetlb_acct_memory() and
 * gather_surplus_pages() for a reservation, alloc_hugetlb_folio() for a touch (mm/hugetlb.c, Linux 6.18).
 */
void pool_account(const struct pool_report *report, const struct pool_size *size, const struct pool_use *use,
		  struct pool_account *account);

/*
 * Pure. The fewest pages that make it enough: a page free on a node may be reserved already, so both the
 * node and the pool as a whole (free - reserved) must have room. 0, or -errno with *e set: a page size this kernel
 * has no pool for (-ENOENT), a node that is not there or not allowed (-EINVAL), too much to count (-ERANGE).
 */
int pool_plan_make(const struct pool_report *report, const struct pool_use *use, struct pool_plan *plan,
		   struct error *e);

/* Why it is bound without having been asked to, as it continues a sentence: ", where a cpuset keeps this process"; or "". */
const char *pool_bound_words(const struct pool_plan *plan);

/* Can it be had, with what can be added, within the limits? */
static inline bool pool_plan_fits(const struct pool_plan *plan)
{
	return plan->needed_pages * plan->page_bytes <= plan->largest_bytes;
}

/*
 * The plan to be obeyed: *plan itself, or, where memory is too short for it, the largest that can be had, in *smaller. NULL
 * where there is none of a single page.
 */
const struct pool_plan *pool_plan_best(const struct pool_report *report, const struct pool_use *use,
				       const struct pool_plan *plan, struct pool_plan *smaller);

/* The pool of that page size, or NULL. */
const struct pool_size *pool_report_size(const struct pool_report *report, uint64_t page_bytes);

/*
 * Fill *e with the shortage in numbers (page size, node, needed, had_bytes that it holds already, free, reserved, surplus, the
 * limit of a control group where one is in force) and, as the hint, the commands that cure it. `where` names the call
 * that failed, err its errno. Returns -err, or -ENOMEM where err is 0.
 */
int pool_explain(const char *root, const struct pool_use *use, uint64_t had_bytes, int err, const char *where,
		 struct error *e);

/*
 * Before a mapping or its first touch: are there pages for it, in the pool or made on demand, and on those nodes? Limits of
 * control groups are left to the kernel: which of them applies depends on the mapping. 0, or -ENOMEM explained
 * as above. Where the counts cannot be read, nothing is refused.
 */
int pool_check(const char *root, const struct pool_use *use, const char *where, struct error *e);

#define POOL_SCHEMA "minivmm.pool/1"
#define POOL_PLAN_SCHEMA "minivmm.pool-plan/1"

/*
 * Text of 100 columns; a command that is longer is continued as a shell continues it. JSON: sizes in bytes, counts
 * in pages, null for a limit that is not in force and for what is not known. 0 or -errno.
 */
int pool_show_text(const struct pool_report *report, FILE *out);
int pool_show_json(const struct pool_report *report, FILE *out);
int pool_plan_text(const struct pool_report *report, const struct pool_use *use, const struct pool_plan *plan,
		   FILE *out);
int pool_plan_json(const struct pool_report *report, const struct pool_use *use, const struct pool_plan *plan,
		   FILE *out);

#endif
