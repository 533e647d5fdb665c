/*
 * The hugetlb pools of this host: their counts, a report of them all, the plan for a run, both as text and JSON, and the
 * error of a run that could not have its pages.
 */
#ifndef MINIVMM_HOST_POOL_H
#define MINIVMM_HOST_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

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

#define POOL_MAX_SIZES 8
#define POOL_MAX_MOUNTS 16
#define POOL_UNLIMITED UINT64_MAX

struct pool_node {
	uint32_t node;
	uint64_t total, free, surplus;   /* in pages; the kernel keeps no reservations a node */
	uint64_t memory_available_bytes; /* of the node: what its pool could grow by at most; 0: not known */
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
	/*
	 * What this process could really reserve now: free - reserved + on_demand_pages, no more than the free pages
	 * of the nodes its cpuset allows, within the limits.
	 */
	uint64_t available_pages;
};

struct pool_mount {
	char path[256];
	uint64_t page_bytes; /* 0: not among the options, and statfs is not available */
	char options[160];
};

struct pool_report {
	uint32_t size_count;
	struct pool_size sizes[POOL_MAX_SIZES];
	uint32_t mount_count;
	struct pool_mount mounts[POOL_MAX_MOUNTS];
	uint64_t memory_available_bytes; /* MemAvailable; 0: not known */
	uint64_t allowed_nodes;          /* mask of Mems_allowed of this process; 0: not known */
};

/*
 * What a run of `bytes` on pages of page_bytes needs, on these nodes (mask; 0: any), and what is missing. Where a
 * cpuset keeps this process off some nodes, the others count as asked for.
 */
struct pool_plan {
	uint64_t bytes, page_bytes;
	uint64_t needed_pages;
	bool enough;              /* nothing to add, no limit too tight */
	uint64_t available_pages; /* of the pool and those nodes; limits apart */
	uint64_t on_demand_pages; /* of needed_pages, what counts on overcommit */
	uint64_t missing_pages;   /* to add to the pool, 0 where a limit alone is too tight */
	uint32_t node_count;      /* of nodes[], 0: not bound */
	struct pool_plan_node {
		uint32_t node;
		uint64_t needed, free;
		uint64_t total, missing; /* pages there now and to be added */
		uint64_t memory_available_bytes;
	} nodes[HOST_MAX_NODES];
};

/* Read below `root`. Never fails: what cannot be read is zero; limits say so themselves. pool_report_free gives it back. */
void pool_report_read(const char *root, struct pool_report *report);
void pool_report_free(struct pool_report *report);

/*
 * Pure. The fewest pages that make it enough: a page free on a node may be reserved already, so both the
 * node and the pool as a whole (free - reserved) must have room. 0, or -errno with *e set: a page size this kernel
 * has no pool for (-ENOENT), a node that is not there or not allowed (-EINVAL), too much to count (-ERANGE).
 */
int pool_plan_make(const struct pool_report *report, uint64_t bytes, uint64_t page_bytes, uint64_t host_nodes,
		   struct pool_plan *plan, struct error *e);

/*
 * Is ordinary memory known to be too little for what is missing? With the node that is short in *node and what it has
 * in *available_bytes; *node is HOST_MAX_NODES where it is the host as a whole.
 */
bool pool_plan_memory_short(const struct pool_report *report, const struct pool_plan *plan, uint32_t *node,
			    uint64_t *available_bytes);

/* The pool of that page size, or NULL. */
const struct pool_size *pool_report_size(const struct pool_report *report, uint64_t page_bytes);

/*
 * Fill *e with the shortage in numbers (page size, node, needed, free, reserved, surplus, control group's limit where
 * one is in force) and, as the hint, the commands that cure it. host_nodes: mask of the nodes it is bound to, 0: any.
 * own_bytes: what of needed_bytes the kernel has promised to this very mapping, and so counts as reserved.
 * `where` names the call that failed, err its errno. Returns -err, or -ENOMEM where err is 0.
 */
int pool_explain(const char *root, uint64_t page_bytes, uint64_t needed_bytes, uint64_t own_bytes,
		 uint64_t host_nodes, int err, const char *where, struct error *e);

/*
 * Before a mapping: are there pages for it, in the pool or made on demand, and on those nodes? Limits of control
 * groups are left to the kernel: which of them applies depends on the mapping. 0, or -ENOMEM explained as above. Where
 * the counts cannot be read, nothing is refused.
 */
int pool_check(const char *root, uint64_t page_bytes, uint64_t needed_bytes, uint64_t host_nodes,
	       const char *where, struct error *e);

#define POOL_SCHEMA "minivmm.pool/1"
#define POOL_PLAN_SCHEMA "minivmm.pool-plan/1"

/*
 * Text of 100 columns; a command that is longer is continued as a shell continues it. JSON: sizes in bytes, counts
 * in pages, null for a limit that is not in force and for what is not known. 0 or -errno.
 */
int pool_show_text(const struct pool_report *report, FILE *out);
int pool_show_json(const struct pool_report *report, FILE *out);
int pool_plan_text(const struct pool_report *report, const struct pool_plan *plan, FILE *out);
int pool_plan_json(const struct pool_report *report, const struct pool_plan *plan, FILE *out);

#endif
