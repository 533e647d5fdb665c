/*
 * What the kernel counts: memory, of the host and of a node, and what the whole host did between two moments.
 */
#ifndef MINIVMM_HOST_MEMINFO_H
#define MINIVMM_HOST_MEMINFO_H

#include <stdbool.h>
#include <stdint.h>

/* Pure: the field called `name` ("MemTotal"), whose unit is kB. 0, or -ENOENT with *bytes 0. */
int meminfo_parse(const char *text, const char *name, uint64_t *bytes);

struct host_memory {
	uint64_t total_bytes, available_bytes; /* 0: not known */
	uint64_t default_huge_bytes; /* Hugepagesize: the pool that vm.nr_hugepages means; 0: not known */
	uint64_t swap_bytes, swap_free_bytes;
	bool swap_known; /* both are known, and 0 means that there is none */
};

/* proc/meminfo below root. 0 or -errno; fields that are missing are 0. */
int meminfo_read(const char *root, struct host_memory *m);

/*
 * Memory of `node` that can be had without ending a process: free memory and what is cheap to reclaim.
 * 0 or -errno.
 */
int meminfo_node_available(const char *root, unsigned int node, uint64_t *bytes);

/*
 * What may be taken without bringing the host near its end: what is available less a sixteenth of all memory. UINT64_MAX:
 * not known. Pure.
 */
uint64_t meminfo_spare(const struct host_memory *m);

/* The same of a node, which is left nothing: the host has other nodes. UINT64_MAX: not known. */
uint64_t meminfo_node_spare(const char *root, unsigned int node);

/*
 * Make each CPU add what it alone has counted (up to some hundred pages) to the fields of meminfo: proc/sys/vm/stat_refresh
 * (Documentation/admin-guide/sysctl/vm.rst), which changes nothing else. Only root may do that; otherwise the fields are up
 * to a second late by so many pages a CPU. 0 or -errno.
 */
int meminfo_refresh(const char *root);

/*
 * SecPageTables: the page tables that hypervisors keep for their guests, EPT, NPT and shadow alike, of the whole host.
 * 0, or -errno: -ENOENT where the kernel has no such line (before 6.1) or there is no file.
 */
int meminfo_kvm_tables(const char *root, uint64_t *bytes);

/* Counters since boot, all CPUs and nodes together. -1: not known. */
struct host_activity {
	int64_t steal_ns; /* time in which the hypervisor of this host ran other VMs (proc(5): stat) */
	int64_t minor_faults, major_faults; /* pgfault - pgmajfault, pgmajfault (/proc/vmstat) */
	int64_t numa_hit, numa_miss;        /* pages where the policy wanted them, and elsewhere */
};

/* The counters of those names in proc/vmstat below `root`, into values[0..count): -1 where one cannot be read. */
void vmstat_read(const char *root, const char *const *names, int64_t *values, uint32_t count);

/* Read it below `root` ("" is the real host). Never fails: what cannot be read is -1. */
void activity_read(const char *root, struct host_activity *a);

/* What was counted between two readings; -1 where one of them is not known. Pure. */
struct host_activity activity_since(const struct host_activity *before, const struct host_activity *after);

#endif
