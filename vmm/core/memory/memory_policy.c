#include "vmm/core/memory/backing.h"
#include "vmm/util/size.h"

#include <errno.h>
#include <numa.h>
#include <numaif.h>
#include <stdio.h>
#include <string.h>

/* Linux 5.15; libnuma's headers may be older. */
#ifndef MPOL_PREFERRED_MANY
#define MPOL_PREFERRED_MANY 5
#endif

static uint64_t existing_nodes(void)
{
	uint64_t mask = 0;

	for (unsigned int node = 0; node < HOST_MAX_NODES; node++) {
		if (numa_bitmask_isbitset(numa_all_nodes_ptr, node))
			mask |= UINT64_C(1) << node;
	}
	return mask;
}

int memory_policy_check(struct backing_spec *spec, struct error *e)
{
	char asked[256], there[256];
	uint64_t existing;

	if (spec->host_nodes == 0 && spec->policy == NUMA_POLICY_DEFAULT)
		return 0;
	if (spec->host_nodes == 0) {
		(void)error_set(e, STATUS_USAGE, EINVAL, "--policy", "a NUMA policy needs nodes");
		return error_hint(e, "add --host-nodes LIST");
	}
	if (spec->policy == NUMA_POLICY_DEFAULT)
		spec->policy = NUMA_POLICY_BIND;
	if (numa_available() < 0)
		return error_set(e, STATUS_CANNOT, ENOSYS, "--host-nodes",
				 "this kernel has no NUMA policies");
	existing = existing_nodes();
	if ((spec->host_nodes & ~existing) == 0)
		return 0;
	(void)bits_format(existing, there, sizeof(there));
	(void)error_set(e, STATUS_USAGE, EINVAL, "--host-nodes",
			"--host-nodes %s: this process may use memory of the nodes %s only",
			bits_format(spec->host_nodes, asked, sizeof(asked)), there);
	return error_hint(e, "--host-nodes %s", there);
}

int memory_policy_bind(const struct backing_spec *spec, void *hva, struct error *e)
{
	const unsigned long mask = spec->host_nodes;
	char nodes[256];
	int mode = MPOL_BIND, err;

	if (mask == 0 || spec->policy == NUMA_POLICY_DEFAULT)
		return 0;
	if (spec->policy == NUMA_POLICY_PREFERRED)
		mode = (mask & (mask - 1)) == 0 ? MPOL_PREFERRED : MPOL_PREFERRED_MANY;
	else if (spec->policy == NUMA_POLICY_INTERLEAVE)
		mode = MPOL_INTERLEAVE;
	/* The kernel reads maxnode - 1 bits (mbind(2)). */
	if (mbind(hva, spec->bytes, mode, &mask, sizeof(mask) * 8 + 1, MPOL_MF_STRICT) == 0)
		return 0;
	err = errno;
	return error_set(e, STATUS_FAILED, err, "mbind", "cannot bind guest RAM to the nodes %s: %s",
			 bits_format(spec->host_nodes, nodes, sizeof(nodes)), strerror(err));
}

void memory_policy_run_near(uint64_t host_nodes)
{
	struct bitmask *mask;

	if (host_nodes == 0 || numa_available() < 0)
		return;
	mask = numa_allocate_nodemask();
	for (unsigned int node = 0; node < HOST_MAX_NODES; node++) {
		if ((host_nodes >> node & 1) != 0)
			numa_bitmask_setbit(mask, node);
	}
	/* Fails where the nodes have no CPU that we may use: then any CPU will do. */
	(void)numa_run_on_node_mask(mask);
	numa_free_nodemask(mask);
}
