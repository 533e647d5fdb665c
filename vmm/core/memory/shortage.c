/* Is there room for that much memory, and why there was none: told in numbers. */
#include "vmm/core/memory/backing.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "units.h"
#include "vmm/host/limits.h"
#include "vmm/host/meminfo.h"
#include "vmm/host/pool/pool.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"

int room_check_total(const char *root, const struct backing_spec *spec, struct error *e)
{
	struct host_memory m;

	/* A host that does not say how much it has is not refused anything. */
	if (meminfo_read(root, &m) != 0 || m.total_bytes == 0 || spec->bytes <= m.total_bytes + m.swap_bytes)
		return 0;
	(void)error_set(e, STATUS_FAILED, ENOMEM, "--memory",
			"%" PRIu64 " MiB of guest RAM are more than this host has: %" PRIu64
			" MiB of memory and %" PRIu64 " MiB of swap",
			spec->bytes / MIB, m.total_bytes / MIB, m.swap_bytes / MIB);
	return error_hint(e, "ask for less with --memory");
}

uint64_t room_to_spare(const char *root)
{
	uint64_t spare_bytes = UINT64_MAX;
	struct limits limits = { .count = 0 };
	struct host_memory m;

	if (meminfo_read(root, &m) == 0)
		spare_bytes = meminfo_spare(&m);
	limits_add_memory(root, &limits);
	spare_bytes = min_u64(spare_bytes, limits_room(&limits));
	limits_free(&limits);
	return spare_bytes;
}

static int refuse(const struct backing_spec *spec, const char *which, uint64_t have_bytes, const char *cure,
		  struct error *e)
{
	(void)error_set(e, STATUS_FAILED, ENOMEM, "--prealloc",
			"%" PRIu64 " MiB of guest RAM cannot all be populated: %s leaves %" PRIu64 " MiB",
			spec->bytes / MIB, which, have_bytes / MIB);
	return error_hint(e, "ask for less with --memory, %s", cure);
}

/* The nodes that its pages have to come from; 0: any. A memory policy that was inherited does not count beside its own. */
static uint64_t bound_nodes(const char *root, const struct backing_spec *spec)
{
	struct usable_nodes nodes;

	if (spec->policy == NUMA_POLICY_BIND)
		return spec->host_nodes;
	limits_nodes(root, &nodes);
	if (spec->policy != NUMA_POLICY_DEFAULT)
		nodes.usable = nodes.with_memory & nodes.cpuset;
	return (nodes.with_memory & ~nodes.usable) != 0 ? nodes.usable : 0;
}

static uint64_t nodes_available(const char *root, uint64_t nodes)
{
	uint64_t sum = 0;

	for (unsigned int node = 0; node < HOST_MAX_NODES; node++) {
		uint64_t part = 0;

		if ((nodes >> node & 1) == 0)
			continue;
		/* Where a node does not report its memory, nothing is refused. */
		if (meminfo_node_available(root, node, &part) != 0 || !checked_add(sum, part, &sum))
			return UINT64_MAX;
	}
	return sum;
}

/*
 * Do the mount and the pool have `bytes`, which will be touched? The cure is for all of guest RAM. `where` names the option
 * that asks for them.
 */
static int check_files_and_pools(const char *root, const struct backing_spec *spec, uint64_t bytes,
				 const char *where, struct error *e)
{
	struct error ignored = { .status = STATUS_OK };
	struct pool_use use = backing_pool_use(spec);

	/* What is reserved for a mapping cannot be short; mmap says whether it is. */
	if (backing_has_pool(spec) && spec->reserve)
		return 0;
	if (backing_file_check_mount(spec, bytes, 0, e) != 0)
		return -ENOSPC;
	use.bytes = bytes;
	if (!backing_has_pool(spec) || pool_check(root, &use, where, &ignored) == 0)
		return 0;
	use.bytes = spec->bytes;
	return pool_explain(root, &use, 0, ENOMEM, where, e);
}

int room_check_populate(const char *root, const struct backing_spec *spec, struct error *e)
{
	struct host_memory m;
	struct limits limits = { .count = 0 };
	uint64_t nodes, near;
	int ret = 0;

	ret = check_files_and_pools(root, spec, spec->bytes, "--prealloc", e);
	if (ret != 0 || backing_has_pool(spec))
		return ret;
	if (meminfo_read(root, &m) == 0 && m.available_bytes != 0 && spec->bytes > m.available_bytes)
		return refuse(spec, "MemAvailable of /proc/meminfo", m.available_bytes,
			      "populate lazily, or end what uses the rest", e);
	nodes = bound_nodes(root, spec);
	near = nodes == 0 ? UINT64_MAX : nodes_available(root, nodes);
	if (spec->bytes > near)
		return refuse(spec, "the memory of the nodes that it is bound to", near, "or name more nodes",
			      e);
	limits_add(root, LIMIT_MEMORY, 0, &limits);
	if (spec->bytes > limits_room(&limits))
		ret = refuse(spec, limits.list[0].path, limits_room(&limits), "or raise that limit", e);
	limits_free(&limits);
	return ret;
}

/* minivmm itself, and page tables: taken from what the hint says may be touched. */
#define OWN_BYTES (16 * MIB)

int room_check_touch(const char *root, const struct backing_spec *spec, uint64_t tables_bytes,
		     uint64_t set_bytes, uint32_t each, struct error *e)
{
	const char *asker = set_bytes != 0 ? "--working-set" : "--memory";
	const uint64_t bytes = tables_bytes + set_bytes;
	struct limits limits = { .count = 0 };
	uint64_t room, fits;
	char size[24];
	int ret;

	ret = check_files_and_pools(root, spec, bytes, asker, e);
	if (ret != 0 || backing_has_pool(spec))
		return ret;
	limits_add(root, LIMIT_MEMORY, 0, &limits);
	room = limits_room(&limits);
	if (limits.count != 0 && !checked_add(room, limits_swap_room(root), &room))
		room = UINT64_MAX;
	if (bytes > room) {
		fits = set_bytes != 0 ? (room - min_u64(room, OWN_BYTES + tables_bytes)) / each / MIB : 0;
		ret = error_set(e, STATUS_FAILED, ENOMEM, asker,
				"the run touches %" PRIu64 " MiB (%" PRIu64
				" of them the guest's page tables), but %s (%" PRIu64 " MiB) leaves %" PRIu64
				" MiB: the kernel would kill this run in the middle",
				bytes / MIB, tables_bytes / MIB, path_tail(limits.list[0].path, 200),
				limits.list[0].limit / MIB, room / MIB);
		if (fits == 0)
			error_hint(e, "raise the limit of the control group, or run outside of it");
		else
			error_hint(e, "--working-set %s", size_format(fits * MIB, size));
	}
	limits_free(&limits);
	return ret;
}

int shortage_explain(const struct backing *b, int err, const char *where, struct error *e)
{
	struct error ignored = { .status = STATUS_OK };
	struct observed_memory seen = { 0 };
	const struct backing_spec *spec = &b->spec;
	const bool promised = backing_has_pool(spec) && spec->reserve;
	/* Not a bad address, but one without a page: what would have been a SIGBUS. */
	const char *why = err == EFAULT ? "an address of it has no page" : strerror(err);
	uint64_t there;

	/* The hardware or a filter says no; EPERM: mlock's limit. */
	if (err != ENOMEM && err != EFAULT && err != EPERM)
		return error_set(e, STATUS_FAILED, err, where, "guest RAM cannot be populated");
	/* If smaps cannot be read, all of RAM counts as missing: too large a number is better than none. */
	(void)observe_backing("", b, &seen, &ignored);
	there = min_u64(seen.rss_bytes, spec->bytes - spec->page_bytes);
	if (backing_file_check_mount(spec, spec->bytes, promised ? spec->bytes : there, e) != 0)
		return -err;
	if (backing_has_pool(spec)) {
		struct pool_use use = backing_pool_use(spec);

		use.bytes -= there;
		use.refused = true;
		/* What the mount holds is what was promised. */
		use.promised_bytes = promised ? use.bytes : 0;
		use.held_bytes = promised ? 0 : use.held_bytes;
		(void)pool_explain("", &use, there, err, where, e);
		return -err;
	}
	(void)error_set(e, STATUS_FAILED, err, where,
			"guest RAM has %" PRIu64 " of its %" PRIu64 " MiB, and no more can be had: %s",
			there / MIB, spec->bytes / MIB, why);
	if (populate_locks())
		(void)error_hint(
			e, "ulimit -l $(ulimit -Hl)  # or less with --memory: before Linux 5.14 memory is "
			   "populated by locking it");
	else
		(void)error_hint(
			e,
			"ask for less with --memory or --working-set, or end what uses the rest (free -m)");
	return -err;
}
