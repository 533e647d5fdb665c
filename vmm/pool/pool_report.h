/*
 * The hugetlb pools of this host as one picture, and the plan for a run: everything `minivmm pool` prints, as values.
 */
#ifndef MINIVMM_POOL_POOL_REPORT_H
#define MINIVMM_POOL_POOL_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "vmm/cli/request.h"
#include "vmm/host/pool.h"
#include "vmm/util/error.h"

#define POOL_MAX_SIZES 8
#define POOL_MAX_MOUNTS 16
#define POOL_UNLIMITED UINT64_MAX

struct pool_node {
	uint32_t node;
	uint64_t total, free, surplus; /* in pages; the kernel keeps no reservations a node */
};

struct pool_size {
	uint64_t page_bytes;
	bool is_default;
	struct pool_counts counts;
	uint64_t overcommit; /* nr_overcommit_hugepages */
	uint32_t node_count;
	struct pool_node nodes[REQUEST_MAX_NODES];
	/* Limits of this process's cgroup and those above it, in bytes; POOL_UNLIMITED where none is in force. */
	uint64_t cgroup_max_bytes, cgroup_rsvd_max_bytes;
	char cgroup_path[256]; /* of the tightest one; "" where none */
	uint64_t
		available_pages; /* what this process could really reserve now: free - reserved + overcommit room, within the limits */
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
};

/* What a run of `bytes` on pages of page_bytes needs, on these nodes (mask; 0: any), and what is missing. */
struct pool_plan {
	uint64_t bytes, page_bytes;
	uint64_t needed_pages;
	bool enough;
	uint32_t node_count; /* of nodes[], 0: not bound */
	struct {
		uint32_t node;
		uint64_t needed, free;
	} nodes[REQUEST_MAX_NODES];
};

/* Read below `root`. Never fails: what cannot be read is zero or unlimited. */
void pool_report_read(const char *root, struct pool_report *report);

/* Pure. 0, or -errno with *e set: a page size this kernel has no pool for, a node that is not there. */
int pool_plan_make(const struct pool_report *report, uint64_t bytes, uint64_t page_bytes, uint64_t host_nodes,
		   struct pool_plan *plan, struct error *e);

/* Text and JSON (schemas minivmm.pool/1 and minivmm.pool-plan/1). 0 or -errno. */
int pool_show_text(const struct pool_report *report, FILE *out);
int pool_show_json(const struct pool_report *report, FILE *out);
int pool_plan_text(const struct pool_report *report, const struct pool_plan *plan, FILE *out);
int pool_plan_json(const struct pool_report *report, const struct pool_plan *plan, FILE *out);

#endif
