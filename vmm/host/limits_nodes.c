#include "vmm/host/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <numaif.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/host/meminfo.h"
#include "vmm/host/sysfile.h"
#include "vmm/util/size.h"

/* The kernel's own limit (CONFIG_NODES_SHIFT is at most 10). One without cpusets lists every number that it supports. */
#define MAX_NODE_NUMBERS 1024
#define NODES "sys/devices/system/node/"
#define NUMA_MAPS_MAX_BYTES ((size_t)16 << 20)

/* Flags beside the mode that get_mempolicy returns (MPOL_F_STATIC_NODES and its like); libnuma's header has not all. */
#define POLICY_FLAGS 0xe000

/* Numbers of nodes as a mask of the first HOST_MAX_NODES; a negative count is none. */
static uint64_t mask_of(const uint16_t *nodes, int count)
{
	uint64_t mask = 0;

	for (int i = 0; i < count; i++)
		mask |= nodes[i] < HOST_MAX_NODES ? UINT64_C(1) << nodes[i] : 0;
	return mask;
}

/* A list of nodes, "0-1,4"; 0: it is none. */
static uint64_t nodes_of(const char *list)
{
	uint16_t nodes[MAX_NODE_NUMBERS] = { 0 };

	return mask_of(nodes, list_parse(list, MAX_NODE_NUMBERS - 1, nodes, MAX_NODE_NUMBERS));
}

static uint64_t allowed_by_cpuset(const char *root)
{
	uint16_t nodes[MAX_NODE_NUMBERS] = { 0 };

	return mask_of(nodes, (int)sysfile_status_list(root, "Mems_allowed_list", nodes, MAX_NODE_NUMBERS));
}

/* The kernel's own list, or else each node's own MemTotal. */
static uint64_t nodes_with_memory(const char *root)
{
	char list[8 * MAX_NODE_NUMBERS], text[4096], path[64];
	uint64_t mask = 0, bytes;

	if (sysfile_value(root, NODES "has_memory", list, sizeof(list)) > 0)
		return nodes_of(list);
	for (unsigned int node = 0; node < HOST_MAX_NODES; node++) {
		(void)snprintf(path, sizeof(path), NODES "node%u/meminfo", node);
		if (sysfile_read(root, path, text, sizeof(text)) > 0 &&
		    meminfo_parse(text, "MemTotal", &bytes) == 0 && bytes != 0)
			mask |= UINT64_C(1) << node;
	}
	return mask;
}

/*
 * The policy of a mapping that has none of its own, which the stack is, is the process's: its line reads
 * "7ffd5000 bind:0-1 stack anon=3 ..." (proc(5), mpol_to_str).
 */
static uint64_t policy_of_maps(const char *root)
{
	static const char bind[] = " bind";
	uint64_t mask = ~UINT64_C(0);
	char *text, *save = NULL;
	int ret = sysfile_slurp(root, "proc/self/numa_maps", NUMA_MAPS_MAX_BYTES, &text);

	if (ret != 0)
		return ret == -ENOENT && sysfile_exists(root, "proc/self/status") == KNOWN_YES ? mask : 0;
	for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		char *policy = strchr(line, ' '), *list;

		if (policy == NULL || strstr(line, " stack") == NULL)
			continue;
		/* "bind=static:0": the flags stand between. */
		policy[1 + strcspn(policy + 1, " ")] = '\0';
		list = strchr(policy, ':');
		if (strncmp(policy, bind, sizeof(bind) - 1) == 0)
			mask = list == NULL ? 0 : nodes_of(list + 1);
		break;
	}
	free(text);
	return mask;
}

/* Only MPOL_BIND keeps from the other nodes: all other policies prefer, and fall back (mm/mempolicy.c, policy_nodemask). */
static uint64_t bound_by_policy(const char *root)
{
	unsigned long mask[MAX_NODE_NUMBERS / (8 * sizeof(unsigned long))] = { 0 };
	int mode;

	if (*root != '\0' || get_mempolicy(&mode, mask, MAX_NODE_NUMBERS, NULL, 0) != 0)
		return policy_of_maps(root);
	return (mode & ~POLICY_FLAGS) == MPOL_BIND ? mask[0] : ~UINT64_C(0);
}

void limits_nodes(const char *root, struct usable_nodes *nodes)
{
	const uint64_t any = ~UINT64_C(0);

	nodes->with_memory = nodes_with_memory(root);
	nodes->cpuset = allowed_by_cpuset(root);
	nodes->policy = bound_by_policy(root);
	nodes->usable = (nodes->with_memory != 0 ? nodes->with_memory : any) &
			(nodes->cpuset != 0 ? nodes->cpuset : any) &
			(nodes->policy != 0 ? nodes->policy : any);
	if (nodes->usable == any)
		nodes->usable = 0;
}
