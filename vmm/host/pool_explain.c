#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "units.h"
#include "vmm/host/cgroup.h"
#include "vmm/host/meminfo.h"
#include "vmm/host/pool.h"
#include "vmm/host/sysfile.h"

#define MAX_NODES 64

struct shortage {
	const char *root;
	uint64_t page_bytes, needed_pages, host_nodes;
	const char *page_name;
	struct pool_counts pool;
	uint64_t node_free; /* over host_nodes */
	struct cgroup_limit cgroup;
	bool have_pool, pool_short, nodes_short, cgroup_short;
};

static const char *page_name(uint64_t page_bytes)
{
	return page_bytes == PAGE_1G ? "1G" : page_bytes == PAGE_2M ? "2M" : "huge";
}

static unsigned int count_nodes(uint64_t mask)
{
	return (unsigned int)__builtin_popcountll(mask);
}

static void measure(struct shortage *s)
{
	uint64_t cgroup_room;

	s->have_pool = pool_read(s->root, s->page_bytes, &s->pool) == 0;
	s->pool_short = s->pool.free - min_u64(s->pool.reserved, s->pool.free) < s->needed_pages;
	for (unsigned int node = 0; node < MAX_NODES; node++) {
		int64_t pages =
			(s->host_nodes >> node & 1) != 0 ? pool_node_free(s->root, s->page_bytes, node) : 0;

		s->node_free += pages > 0 ? (uint64_t)pages : 0;
	}
	s->nodes_short = s->host_nodes != 0 && s->node_free < s->needed_pages;
	cgroup_hugetlb_limit(s->root, s->page_bytes, &s->cgroup);
	cgroup_room = s->cgroup.limit_bytes - min_u64(s->cgroup.used_bytes, s->cgroup.limit_bytes);
	s->cgroup_short = s->cgroup.path[0] != '\0' && cgroup_room / s->page_bytes < s->needed_pages;
}

/* Append to a string of fixed size; too long a text is cut. */
static void __attribute__((format(printf, 3, 4))) append(char *buf, size_t size, const char *fmt, ...)
{
	size_t used = strlen(buf);
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(buf + used, size - used, fmt, args);
	va_end(args);
}

/* Pages in the node's own pool now; 0 where it cannot be read. */
static uint64_t node_total(const struct shortage *s, unsigned int node)
{
	char path[160];
	uint64_t pages;

	(void)snprintf(path, sizeof(path),
		       "sys/devices/system/node/node%u/hugepages/hugepages-%" PRIu64 "kB/nr_hugepages", node,
		       s->page_bytes / KIB);
	return sysfile_u64(s->root, path, &pages) == 0 ? pages : 0;
}

/* The missing pages in equal parts, one command a node. */
static void cure_nodes(const struct shortage *s, char *hint, size_t size)
{
	unsigned int left = count_nodes(s->host_nodes);
	uint64_t missing = s->needed_pages - s->node_free;

	for (unsigned int node = 0; node < MAX_NODES && left > 0; node++) {
		uint64_t part = (missing + left - 1) / left;

		if ((s->host_nodes >> node & 1) == 0)
			continue;
		append(hint, size,
		       "%secho %" PRIu64 " > /sys/devices/system/node/node%u/hugepages/hugepages-%" PRIu64
		       "kB/nr_hugepages",
		       *hint == '\0' ? "" : "; ", node_total(s, node) + part, node, s->page_bytes / KIB);
		missing -= part;
		left--;
	}
}

static void cure_pool(const struct shortage *s, char *hint, size_t size)
{
	/*
	 * nr_hugepages counts persistent pages; writing more turns surplus ones persistent before new ones are
	 * taken (Documentation/admin-guide/mm/hugetlbpage.rst), so the total of now is what the missing ones
	 * come on top of.
	 */
	uint64_t available = s->pool.free - min_u64(s->pool.reserved, s->pool.free);
	uint64_t target = s->pool.total + (s->needed_pages - available);
	struct host_memory memory = { 0 };

	if (meminfo_read(s->root, &memory) == 0 && memory.default_huge_bytes == s->page_bytes)
		append(hint, size, "sysctl vm.nr_hugepages=%" PRIu64, target);
	else
		append(hint, size,
		       "echo %" PRIu64 " > /sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB/nr_hugepages",
		       target, s->page_bytes / KIB);
}

static void cure(const struct shortage *s, char *hint, size_t size)
{
	struct host_memory memory;
	uint64_t missing_bytes;

	if (!s->have_pool) {
		append(hint, size, "this CPU or kernel has no %s pages: choose another --page-size",
		       s->page_name);
		return;
	}
	if (s->nodes_short)
		cure_nodes(s, hint, size);
	else if (s->pool_short)
		cure_pool(s, hint, size);
	if ((s->nodes_short || s->pool_short) && s->page_bytes >= GIB)
		append(hint, size,
		       " (where memory is fragmented only at boot: hugepagesz=1G hugepages=N on the kernel's "
		       "command line)");
	if (meminfo_read(s->root, &memory) == 0 && s->pool_short &&
	    checked_mul(s->needed_pages - min_u64(s->pool.free, s->needed_pages), s->page_bytes,
			&missing_bytes) &&
	    missing_bytes > memory.available_bytes)
		append(hint, size, "; but only %" PRIu64 " MiB of memory are available: ask for less with -m",
		       memory.available_bytes / MIB);
	if (s->cgroup_short)
		append(hint, size, "%sraise %s", *hint == '\0' ? "" : "; ", s->cgroup.path);
	if (*hint == '\0')
		append(hint, size,
		       "the pool has enough now: another process may have held the pages, or cpuset and node "
		       "limits keep this one from them; try again");
}

int pool_explain(const char *root, uint64_t page_bytes, uint64_t needed_bytes, uint64_t host_nodes, int err,
		 const char *where, struct error *e)
{
	struct shortage s = { .root = root, .page_bytes = page_bytes, .host_nodes = host_nodes };
	char what[sizeof(e->what)] = "", hint[sizeof(e->hint)] = "";
	int ret;

	if (page_bytes == 0)
		return error_set(e, STATUS_FAILED, EINVAL, where, "page size 0");
	s.page_name = page_name(page_bytes);
	s.needed_pages = needed_bytes / page_bytes + (needed_bytes % page_bytes != 0);
	measure(&s);

	append(what, sizeof(what),
	       "too few %s pages: %" PRIu64 " needed (%" PRIu64 " MiB); the pool has %" PRIu64
	       " in all, %" PRIu64 " free, %" PRIu64 " of them reserved, %" PRIu64 " surplus",
	       s.page_name, s.needed_pages, needed_bytes / MIB, s.pool.total, s.pool.free, s.pool.reserved,
	       s.pool.surplus);
	for (unsigned int node = 0; node < MAX_NODES; node++) {
		int64_t pages = 0;

		if ((host_nodes >> node & 1) == 0)
			continue;
		pages = pool_node_free(root, page_bytes, node);
		append(what, sizeof(what), "; node %u has %" PRId64 " free", node, pages < 0 ? 0 : pages);
	}
	if (s.cgroup.path[0] != '\0')
		append(what, sizeof(what), "; the cgroup limit %s is %" PRIu64 " MiB, %" PRIu64 " MiB used",
		       s.cgroup.path, s.cgroup.limit_bytes / MIB, s.cgroup.used_bytes / MIB);
	cure(&s, hint, sizeof(hint));
	if (e->status != STATUS_OK)
		return err > 0 ? -err : -ENOMEM;
	ret = error_set(e, STATUS_FAILED, err > 0 ? err : ENOMEM, where, "%s", what);
	error_hint(e, "%s", hint);
	return ret;
}
