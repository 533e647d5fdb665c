/*
 * What a run needs of the pools, and what of it is missing. Pure.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "units.h"
#include "vmm/util/size.h"
#include "vmm/host/pool/pool.h"

static const struct pool_node *find_node(const struct pool_size *size, uint32_t node)
{
	for (uint32_t i = 0; i < size->node_count; i++) {
		if (size->nodes[i].node == node)
			return &size->nodes[i];
	}
	return NULL;
}

/* The nodes that count: those asked for, or where a cpuset leaves out some that have a pool, those it allows; 0: any. */
static uint64_t bound_nodes(const struct pool_report *report, const struct pool_size *size, uint64_t asked)
{
	uint64_t there = 0;

	for (uint32_t i = 0; i < size->node_count; i++)
		there |= UINT64_C(1) << size->nodes[i].node;
	if (asked != 0)
		return asked;
	return (there & ~report->allowed_nodes) != 0 ? there & report->allowed_nodes : 0;
}

static int add_nodes(const struct pool_report *report, const struct pool_size *size, uint64_t mask,
		     struct pool_plan *plan, struct error *e)
{
	for (uint32_t node = 0; node < HOST_MAX_NODES; node++) {
		const struct pool_node *found = find_node(size, node);

		if ((mask >> node & 1) == 0)
			continue;
		if (found == NULL) {
			(void)error_set(e, STATUS_USAGE, EINVAL, "--host-nodes",
					"no node %" PRIu32 " with a pool of such pages", node);
			error_hint(e, "ls /sys/devices/system/node lists them");
			return -EINVAL;
		}
		if (report->allowed_nodes != 0 && (report->allowed_nodes >> node & 1) == 0) {
			(void)error_set(e, STATUS_USAGE, EINVAL, "--host-nodes",
					"a cpuset keeps this process off node %" PRIu32, node);
			error_hint(e, "Mems_allowed_list in /proc/self/status names the nodes it may use");
			return -EINVAL;
		}
		plan->nodes[plan->node_count].node = node;
		plan->nodes[plan->node_count].free = found->free;
		plan->nodes[plan->node_count].memory_available_bytes = found->memory_available_bytes;
		plan->nodes[plan->node_count++].total = found->total;
	}
	return 0;
}

/* The missing pages in equal parts; the first nodes have the remainder. */
static void spread_missing(struct pool_plan *plan)
{
	uint64_t missing = plan->missing_pages;

	for (uint32_t i = 0; i < plan->node_count; i++) {
		uint32_t left = plan->node_count - i;

		plan->nodes[i].missing = divide_up(missing, left);
		missing -= plan->nodes[i].missing;
	}
}

/* What each node gives: equal parts, as far as a node has them; the nodes with the fewest pages give first. */
static void spread_needed(struct pool_plan *plan)
{
	uint64_t needed = plan->needed_pages;
	bool done[HOST_MAX_NODES] = { false };

	for (uint32_t left = plan->node_count; left > 0; left--) {
		uint32_t least = 0;
		uint64_t has = UINT64_MAX;

		for (uint32_t i = 0; i < plan->node_count; i++) {
			if (!done[i] && plan->nodes[i].free + plan->nodes[i].missing < has) {
				least = i;
				has = plan->nodes[i].free + plan->nodes[i].missing;
			}
		}
		plan->nodes[least].needed = min_u64(has, needed / left);
		needed -= plan->nodes[least].needed;
		done[least] = true;
	}
}

/* Fill in what is available and missing, on the plan's nodes and in the pool. */
static void balance(const struct pool_size *size, struct pool_plan *plan)
{
	uint64_t promised = min_u64(size->counts.reserved, size->counts.free);
	uint64_t near = 0;

	plan->available_pages = size->counts.free - promised;
	for (uint32_t i = 0; i < plan->node_count; i++)
		near += plan->nodes[i].free;
	if (plan->node_count > 0)
		plan->available_pages = min_u64(plan->available_pages, near);
	plan->missing_pages = plan->needed_pages - min_u64(plan->needed_pages, plan->available_pages);
	/* A page made on demand may come from any node, so a bound run cannot count on it. */
	if (plan->node_count == 0)
		plan->on_demand_pages = min_u64(plan->missing_pages, size->on_demand_pages);
	if (plan->on_demand_pages < plan->missing_pages)
		plan->on_demand_pages = 0;
	plan->missing_pages -= plan->on_demand_pages;
	spread_missing(plan);
	spread_needed(plan);
	plan->enough = plan->missing_pages == 0 &&
		       limits_room(&size->limits) >= plan->needed_pages * plan->page_bytes;
}

int pool_plan_make(const struct pool_report *report, uint64_t bytes, uint64_t page_bytes, uint64_t host_nodes,
		   struct pool_plan *plan, struct error *e)
{
	const struct pool_size *size = pool_report_size(report, page_bytes);
	uint64_t all;
	char name[24];
	int ret;

	memset(plan, 0, sizeof(*plan));
	if (size == NULL) {
		(void)error_set(e, STATUS_CANNOT, ENOENT, "/sys/kernel/mm/hugepages",
				"this kernel and CPU have no hugetlb pages of %s",
				size_format(page_bytes, name));
		error_hint(e, "choose another --page-size; minivmm pool lists them");
		return -ENOENT;
	}
	plan->bytes = bytes;
	plan->page_bytes = page_bytes;
	plan->needed_pages = divide_up(bytes, page_bytes);
	/* No host has so much memory, and below it no sum of this file overflows. */
	if (!checked_mul(plan->needed_pages, page_bytes, &all) || all > UINT64_C(1) << 60)
		return error_set(e, STATUS_USAGE, ERANGE, "--memory", "%" PRIu64 " bytes are too many",
				 bytes);
	ret = add_nodes(report, size, bound_nodes(report, size, host_nodes), plan, e);
	if (ret != 0)
		return ret;
	balance(size, plan);
	return 0;
}

bool pool_plan_memory_short(const struct pool_report *report, const struct pool_plan *plan, uint32_t *node,
			    uint64_t *available_bytes)
{
	for (uint32_t i = 0; i < plan->node_count; i++) {
		*node = plan->nodes[i].node;
		*available_bytes = plan->nodes[i].memory_available_bytes;
		if (*available_bytes != 0 && plan->nodes[i].missing > *available_bytes / plan->page_bytes)
			return true;
	}
	*node = HOST_MAX_NODES;
	*available_bytes = report->memory_available_bytes;
	return *available_bytes != 0 && plan->missing_pages > *available_bytes / plan->page_bytes;
}
