/*
 * Fields of /proc/meminfo and of a node's meminfo, in bytes.
 */
#ifndef MINIVMM_HOST_MEMINFO_H
#define MINIVMM_HOST_MEMINFO_H

#include <stdint.h>

/* Pure: the field called `name` ("MemTotal"), whose unit is kB. 0, or -ENOENT with *bytes 0. */
int meminfo_parse(const char *text, const char *name, uint64_t *bytes);

struct host_memory {
	uint64_t total_bytes, available_bytes, swap_bytes;
	uint64_t default_huge_bytes; /* Hugepagesize: the pool that vm.nr_hugepages means */
};

/* proc/meminfo below root. Fields that are missing are 0. 0 or -errno. */
int meminfo_read(const char *root, struct host_memory *m);

/*
 * What of node `node` could be taken without killing anyone: free memory and what is cheap to reclaim.
 * 0 or -errno.
 */
int meminfo_node_available(const char *root, unsigned int node, uint64_t *bytes);

/*
 * Have every CPU bring in the last hundred pages or so that it has counted and not yet told: proc/sys/vm/stat_refresh
 * (Documentation/admin-guide/sysctl/vm.rst), which changes nothing else. Only root may; else the fields of meminfo are
 * up to a second late by that much a CPU.
 */
void meminfo_settle(const char *root);

/*
 * SecPageTables: the page tables that hypervisors keep for their guests, EPT, NPT and shadow alike, of the whole host.
 * 0, or -errno: -ENOENT where the kernel has no such line (before 6.1) or there is no file.
 */
int meminfo_kvm_tables(const char *root, uint64_t *bytes);

#endif
