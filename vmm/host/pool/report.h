/*
 * The hugetlb pools of this host as one picture, and the plan for a run: everything `minivmm pool` prints, as values.
 * report/emit_pool.h writes them; pool_explain.h tells a run's shortage from them.
 */
#ifndef MINIVMM_HOST_POOL_REPORT_H
#define MINIVMM_HOST_POOL_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/host/cgroup.h"
#include "vmm/host/pool/counts.h"
#include "vmm/util/error.h"

#define POOL_MAX_SIZES 8
#define POOL_MAX_MOUNTS 16
#define POOL_MAX_LIMITS 16
#define POOL_UNLIMITED UINT64_MAX

struct pool_node {
	uint32_t node;
	uint64_t total, free, surplus;   /* in pages; the kernel keeps no reservations a node */
	uint64_t memory_available_bytes; /* of the node: what its pool could grow by at most; 0: not told */
};

struct pool_size {
	uint64_t page_bytes;
	bool is_default;
	struct pool_counts counts;
	uint64_t overcommit; /* nr_overcommit_hugepages */
	uint64_t
		on_demand_pages; /* that the kernel would still make when mapped: overcommit - surplus, as memory allows */
	uint32_t node_count;
	struct pool_node nodes[HOST_MAX_NODES];
	/* Limits of this process's cgroup and those above it, in bytes; POOL_UNLIMITED where none is in force. */
	uint64_t cgroup_max_bytes, cgroup_rsvd_max_bytes;
	char cgroup_path[256]; /* of the tightest one; "" where none */
	/* All of them with what is used (both kinds, the tightest first); the tightest POOL_MAX_LIMITS are kept. */
	uint32_t limit_count;
	struct cgroup_limit limits[POOL_MAX_LIMITS];
	/*
	 * What this process could really reserve now: free - reserved + on_demand_pages, no more than the free pages
	 * of the nodes its cpuset allows, within the limits.
	 */
	uint64_t available_pages;
};

struct pool_mount {
	char path[256];
	uint64_t page_bytes; /* 0: the options do not tell and statfs is not available */
	char options[160];
};

struct pool_report {
	uint32_t size_count;
	struct pool_size sizes[POOL_MAX_SIZES];
	uint32_t mount_count;
	struct pool_mount mounts[POOL_MAX_MOUNTS];
	uint64_t memory_available_bytes; /* MemAvailable; 0: not told */
	uint64_t allowed_nodes;          /* mask of Mems_allowed of this process; 0: not told */
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
	struct {
		uint32_t node;
		uint64_t needed, free;
		uint64_t total, missing; /* pages there now and to be added */
		uint64_t memory_available_bytes;
	} nodes[HOST_MAX_NODES];
};

/* Read below `root`. Never fails: what cannot be read is zero or unlimited. */
void pool_report_read(const char *root, struct pool_report *report);

/*
 * Pure. The fewest pages that make it enough: a page free on a node may be promised to somebody already, so both the
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

#endif
