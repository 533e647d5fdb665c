/*
 * What a run needs of the pools, and what of it is missing. Pure.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "units.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"
#include "vmm/host/pool/pool.h"

static const struct pool_node *find_node(const struct pool_size *size, uint32_t node)
{
	for (uint32_t i = 0; i < size->node_count; i++) {
		if (size->nodes[i].node == node)
			return &size->nodes[i];
	}
	return NULL;
}

/* The nodes that have a part of this pool, as a mask. Since Linux 6.1 also nodes without memory have a directory. */
static uint64_t nodes_of(const struct pool_report *report, const struct pool_size *size)
{
	uint64_t mask = 0;

	for (uint32_t i = 0; i < size->node_count; i++)
		mask |= UINT64_C(1) << size->nodes[i].node;
	return report->allowed.with_memory != 0 ? mask & report->allowed.with_memory : mask;
}

/* The nodes that count: those asked for, or where this process is kept off some that have a pool, the others; 0: any. */
static uint64_t bound_nodes(const struct pool_report *report, const struct pool_size *size, uint64_t asked,
			    enum pool_bound *bound)
{
	const struct usable_nodes *allowed = &report->allowed;
	uint64_t there = nodes_of(report, size);

	*bound = BOUND_ASKED;
	if (asked != 0)
		return asked;
	*bound = BOUND_NONE;
	if (allowed->usable == 0 || (there & ~allowed->usable) == 0)
		return 0;
	*bound = allowed->policy != 0 && (there & ~allowed->policy) != 0 ? BOUND_POLICY : BOUND_CPUSET;
	return there & allowed->usable;
}

/* What there is on the nodes of a mask (0: on all). */
struct near {
	uint64_t free, grow; /* in pages; grow UINT64_MAX: not known */
};

static struct near count_near(const struct pool_size *size, uint64_t mask)
{
	struct near near = { 0 };
	bool known = size->node_count > 0;

	for (uint32_t i = 0; i < size->node_count; i++) {
		const struct pool_node *node = &size->nodes[i];

		if (mask != 0 && (mask >> node->node & 1) == 0)
			continue;
		near.free += node->free;
		known = known && node->spare_bytes != UINT64_MAX;
		near.grow += node->spare_bytes / size->page_bytes;
	}
	if (!known)
		near.grow = UINT64_MAX;
	return near;
}

/* What is promised already has been counted by the limits on promises. */
static uint64_t room_for(const struct limit *limit, const struct pool_use *use)
{
	uint64_t room = limit_room(limit);

	return limits_promises(limit) && !checked_add(room, use->promised_bytes, &room) ? UINT64_MAX : room;
}

void pool_account(const struct pool_report *report, const struct pool_size *size, const struct pool_use *use,
		  struct pool_account *account)
{
	enum pool_bound bound;
	uint64_t mask = bound_nodes(report, size, use->nodes, &bound);
	uint64_t own = (use->promised_bytes + use->held_bytes) / size->page_bytes;
	/* Linux 6.1 counts below zero once an unreserved mapping has gone beyond what min_size= kept for it. */
	uint64_t reserved = size->counts.reserved <= size->counts.total ? size->counts.reserved : 0;
	uint64_t promised = reserved - min_u64(own, reserved);
	uint64_t pool = size->counts.free - min_u64(promised, size->counts.free);
	struct near near = count_near(size, mask);

	account->free = bound == BOUND_NONE ? pool : min_u64(pool, near.free);
	/*
	 * A reservation makes pages only where the pool as a whole is short, and is then held against what is free on the
	 * nodes; a touch makes one where its node has none.
	 */
	account->on_demand =
		use->refused || (!use->unreserved && account->free < pool) ? 0 : size->on_demand_pages;
	account->grow = min_u64(near.grow, report->spare_bytes == UINT64_MAX
						   ? UINT64_MAX
						   : report->spare_bytes / size->page_bytes);
	account->limit = UINT64_MAX;
	for (uint32_t i = 0; i < size->limits.count; i++)
		account->limit =
			min_u64(account->limit, room_for(&size->limits.list[i], use) / size->page_bytes);
}

/* The nodes of a mask that have a part of this pool and may be used; *e tells of the first that is not one of them. */
static int add_nodes(const struct pool_report *report, const struct pool_size *size, uint64_t mask,
		     struct pool_plan *plan, struct error *e)
{
	uint64_t allowed = report->allowed.cpuset != 0 ? report->allowed.cpuset : UINT64_MAX;
	uint64_t there = nodes_of(report, size);
	char list[256];

	for (uint32_t node = 0; node < HOST_MAX_NODES; node++) {
		const struct pool_node *found = find_node(size, node);

		if ((mask >> node & 1) == 0)
			continue;
		if (found == NULL || (there & allowed & UINT64_C(1) << node) == 0) {
			(void)error_set(e, STATUS_USAGE, EINVAL, "--host-nodes",
					(there >> node & 1) != 0
						? "a cpuset keeps this process off node %" PRIu32
						: "no node %" PRIu32 " with memory and a pool of such pages",
					node);
			(void)error_hint(e, "--host-nodes %s",
					 bits_format(there & allowed, list, sizeof(list)));
			return -EINVAL;
		}
		plan->nodes[plan->node_count].node = node;
		plan->nodes[plan->node_count].free = found->free;
		plan->nodes[plan->node_count].spare_bytes = found->spare_bytes;
		plan->nodes[plan->node_count++].total = found->total;
	}
	return 0;
}

/*
 * Divide `pages` among the nodes in equal parts, as far as a node's `most` goes; the nodes with the least give first. Where
 * they cannot give all, the rest is lost.
 */
static void spread(uint64_t pages, const uint64_t *most, uint32_t count, uint64_t *parts)
{
	bool done[HOST_MAX_NODES] = { false };

	for (uint32_t left = count; left > 0; left--) {
		uint32_t least = 0;

		while (least + 1 < count && done[least])
			least++;
		for (uint32_t i = least + 1; i < count; i++) {
			if (!done[i] && most[i] < most[least])
				least = i;
		}
		parts[least] = min_u64(most[least], divide_up(pages, left));
		pages -= parts[least];
		done[least] = true;
	}
}

static void spread_over_nodes(struct pool_plan *plan)
{
	uint64_t most[HOST_MAX_NODES] = { 0 }, parts[HOST_MAX_NODES] = { 0 };

	for (uint32_t i = 0; i < plan->node_count; i++)
		most[i] = plan->memory_fits ? plan->nodes[i].spare_bytes / plan->page_bytes : UINT64_MAX;
	spread(plan->missing_pages, most, plan->node_count, parts);
	for (uint32_t i = 0; i < plan->node_count; i++) {
		plan->nodes[i].missing = parts[i];
		most[i] = plan->nodes[i].free + parts[i];
	}
	spread(plan->needed_pages, most, plan->node_count, parts);
	for (uint32_t i = 0; i < plan->node_count; i++)
		plan->nodes[i].needed = parts[i];
}

static void balance(const struct pool_account *account, struct pool_plan *plan)
{
	uint64_t most;

	plan->available_pages = account->free;
	plan->missing_pages = plan->needed_pages - min_u64(plan->needed_pages, account->free);
	plan->on_demand_pages = plan->missing_pages <= account->on_demand ? plan->missing_pages : 0;
	plan->missing_pages -= plan->on_demand_pages;
	plan->memory_fits = plan->missing_pages <= account->grow;
	plan->limit_pages = account->limit;
	plan->enough = plan->missing_pages == 0 && plan->needed_pages <= account->limit;
	if (!checked_add(account->free, max_u64(account->on_demand, account->grow), &most))
		most = UINT64_MAX;
	most = min_u64(most, account->limit);
	if (!checked_mul(most, plan->page_bytes, &plan->largest_bytes))
		plan->largest_bytes = UINT64_MAX;
	spread_over_nodes(plan);
}

static int no_such_size(const struct pool_report *report, uint64_t page_bytes, struct error *e)
{
	char name[24], sizes[64] = "";

	if (report->sizes_hidden) {
		(void)error_set(e, STATUS_CANNOT, ENODATA, "/sys/kernel/mm/hugepages",
				"how many pages of %s there are is not shown here (/sys is hidden)",
				size_format(page_bytes, name));
		return error_hint(
			e, "who starts this container shows it the numbers (/sys/kernel/mm/hugepages)");
	}
	(void)error_set(e, STATUS_CANNOT, ENOENT, "/sys/kernel/mm/hugepages",
			"this kernel and CPU have no hugetlb pages of %s", size_format(page_bytes, name));
	for (uint32_t i = 0; i < report->size_count; i++)
		append(sizes, sizeof(sizes), "%s%s", i == 0 ? "" : " or ",
		       size_format(report->sizes[i].page_bytes, name));
	return report->size_count > 0
		       ? error_hint(e, "--page-size %s", sizes)
		       : error_hint(e, "minivmm run --backing thp  # has 2M pages without a pool");
}

int pool_plan_make(const struct pool_report *report, const struct pool_use *use, struct pool_plan *plan,
		   struct error *e)
{
	const struct pool_size *size = pool_report_size(report, use->page_bytes);
	struct pool_account account;
	uint64_t all;
	int ret;

	memset(plan, 0, sizeof(*plan));
	ret = pool_report_check(report, e);
	if (ret != 0)
		return ret;
	if (size == NULL)
		return no_such_size(report, use->page_bytes, e);
	plan->bytes = use->bytes;
	plan->page_bytes = use->page_bytes;
	plan->promised_bytes = use->promised_bytes;
	plan->needed_pages = divide_up(use->bytes, use->page_bytes);
	/* No host has so much memory, and below it no sum of this file overflows. */
	if (!checked_mul(plan->needed_pages, use->page_bytes, &all) || all > UINT64_C(1) << 60)
		return error_set(e, STATUS_USAGE, ERANGE, "--memory", "%" PRIu64 " bytes are too many",
				 use->bytes);
	ret = add_nodes(report, size, bound_nodes(report, size, use->nodes, &plan->bound), plan, e);
	if (ret != 0)
		return ret;
	pool_account(report, size, use, &account);
	balance(&account, plan);
	return 0;
}

const char *pool_bound_words(const struct pool_plan *plan)
{
	static const char *const words[] = {
		[BOUND_NONE] = "",
		[BOUND_ASKED] = "",
		[BOUND_POLICY] = ", where the memory policy keeps this process (numactl)",
		[BOUND_CPUSET] = ", where a cpuset keeps this process",
	};

	return words[plan->bound];
}

const struct pool_plan *pool_plan_best(const struct pool_report *report, const struct pool_use *use,
				       const struct pool_plan *plan, struct pool_plan *smaller)
{
	struct error ignored = { .status = STATUS_OK };
	struct pool_use less = *use;

	if (plan->memory_fits)
		return plan;
	less.bytes = plan->largest_bytes;
	return less.bytes >= less.page_bytes && pool_plan_make(report, &less, smaller, &ignored) == 0
		       ? smaller
		       : NULL;
}
