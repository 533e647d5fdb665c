/*
 * How much this process may have: the one place that knows. What cannot be read is "unknown", never "no limit".
 */
#ifndef MINIVMM_HOST_LIMITS_H
#define MINIVMM_HOST_LIMITS_H

#include <stdint.h>

/* NUMA nodes are bits of a 64-bit mask; nodes beyond are not looked at. */
#define HOST_MAX_NODES 64

/* The NUMA nodes whose memory this process can get, as masks; 0: not known. */
struct usable_nodes {
	/* A host can have nodes of CPUs alone, or of devices: no process gets memory of those. */
	uint64_t with_memory;
	/* Mems_allowed. Nodes without memory can be among them, or be left out. */
	uint64_t cpuset;
	/* What the memory policy binds this process to (numactl --membind); ~0: to none. */
	uint64_t policy;
	/* Those that are in each of the masks above which are known. */
	uint64_t usable;
};

/*
 * Read them: sys/devices/system/node, proc/self/status, get_mempolicy(2). A seccomp filter may refuse that call (Docker's
 * does), and it cannot be asked about another root: then proc/self/numa_maps tells the policy, and where there is no such
 * file, the kernel has no memory policies. Never fails.
 */
void limits_nodes(const char *root, struct usable_nodes *nodes);

#endif
