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
	if (spec->host_nodes == 0)
		return error_set(e, STATUS_USAGE, EINVAL, "--policy", "a NUMA policy needs nodes");
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

/* Of the nodes that there are, those with CPUs: a thread runs on no other. */
static uint64_t nodes_with_cpus(void)
{
	uint64_t mask = existing_nodes(), with = 0;
	struct bitmask *cpus = numa_allocate_cpumask();

	for (unsigned int node = 0; node < HOST_MAX_NODES; node++) {
		if ((mask >> node & 1) != 0 && numa_node_to_cpus((int)node, cpus) == 0 &&
		    numa_bitmask_weight(cpus) != 0)
			with |= UINT64_C(1) << node;
	}
	numa_free_cpumask(cpus);
	return with;
}

/* The one of them that is farthest from `from`; -1: there is no other. */
static int farthest_node(uint64_t nodes, int from)
{
	int far = -1;

	for (int node = 0; node < HOST_MAX_NODES; node++) {
		if ((nodes >> node & 1) != 0 && node != from &&
		    (far < 0 || numa_distance(from, node) > numa_distance(from, far)))
			far = node;
	}
	return far;
}

int memory_policy_prealloc_nodes(const struct machine_spec *asked, struct backing_spec *spec, struct error *e)
{
	const char *where = "--prealloc-node";
	uint64_t nodes;
	int node;

	if (asked->populate < POPULATE_NEAR || asked->populate > POPULATE_NODES)
		return 0;
	if (numa_available() < 0)
		return error_set(e, STATUS_CANNOT, ENOSYS, where, "this kernel has no NUMA policies");
	spec->prealloc_nodes = nodes = nodes_with_cpus();
	if (asked->populate == POPULATE_NODES)
		return 0;
	if (asked->pin_count == 0) {
		(void)error_set(e, STATUS_USAGE, EINVAL, where,
				"near and far are of the CPU of the first vCPU, which is not pinned");
		return error_hint(e, "--pin 0");
	}
	node = numa_node_of_cpu(asked->pin[0]);
	if (node >= 0 && asked->populate == POPULATE_FAR)
		node = farthest_node(nodes, node);
	if (node < 0 || node >= HOST_MAX_NODES)
		return error_set(e, STATUS_CANNOT, ENODEV, where, "no node with CPUs is %s CPU %u",
				 asked->populate == POPULATE_FAR ? "far from" : "near", asked->pin[0]);
	spec->prealloc_nodes = UINT64_C(1) << node;
	return 0;
}

/* The kernel reads maxnode - 1 bits (mbind(2), set_mempolicy(2)). */
#define MAX_NODE(mask) (sizeof(mask) * 8 + 1)

static int kernel_mode(const struct backing_spec *spec)
{
	if (spec->policy == NUMA_POLICY_PREFERRED)
		return (spec->host_nodes & (spec->host_nodes - 1)) == 0 ? MPOL_PREFERRED
									: MPOL_PREFERRED_MANY;
	return spec->policy == NUMA_POLICY_INTERLEAVE ? MPOL_INTERLEAVE : MPOL_BIND;
}

static bool has_policy(const struct backing_spec *spec)
{
	return spec->host_nodes != 0 && spec->policy != NUMA_POLICY_DEFAULT;
}

void memory_policy_enter(const struct backing_spec *spec, struct task_policy *inherited)
{
	const unsigned long mask = spec->host_nodes;

	memset(inherited, 0, sizeof(*inherited));
	/* Where a filter refuses the calls, mbind will fail and say so. */
	if (has_policy(spec) && backing_has_pool(spec) &&
	    get_mempolicy(&inherited->mode, inherited->nodes, MAX_NODE(inherited->nodes), NULL, 0) == 0)
		inherited->left = set_mempolicy(kernel_mode(spec), &mask, MAX_NODE(mask)) == 0;
}

int memory_policy_restore(const struct task_policy *inherited, struct error *e)
{
	int err;

	if (!inherited->left ||
	    set_mempolicy(inherited->mode, inherited->nodes, MAX_NODE(inherited->nodes)) == 0)
		return 0;
	err = errno;
	return error_set(e, STATUS_FAILED, err, "set_mempolicy",
			 "cannot go back to the inherited memory policy: %s", strerror(err));
}

int memory_policy_bind(const struct backing_spec *spec, void *hva, struct error *e)
{
	const unsigned long mask = spec->host_nodes;
	char nodes[256];
	int err;

	if (!has_policy(spec) ||
	    mbind(hva, spec->bytes, kernel_mode(spec), &mask, MAX_NODE(mask), MPOL_MF_STRICT) == 0)
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
