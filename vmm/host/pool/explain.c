/*
 * A shortage as an error value, from the plan that would have avoided it.
 */
#include "vmm/host/pool/pool.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/util/size.h"
#include "vmm/host/pool/lines.h"
#include "vmm/util/text.h"

/* One allocation: too large together for a thread's stack. */
struct picture {
	struct pool_report report;
	struct pool_counts told; /* as the kernel counts */
	struct pool_plan plan;
	struct pool_lines lines;
};

static void tell(const struct picture *p, const struct pool_size *pool, char *what, size_t size)
{
	const struct pool_plan *plan = &p->plan;
	char name[24];

	append(what, size,
	       "too few %s pages: %" PRIu64 " needed (%" PRIu64 " MiB); the pool has %" PRIu64
	       " in all, %" PRIu64 " free, %" PRIu64 " of them reserved, %" PRIu64 " surplus",
	       size_format(plan->page_bytes, name), plan->needed_pages, plan->bytes / MIB, p->told.total,
	       p->told.free, p->told.reserved, p->told.surplus);
	for (uint32_t i = 0; i < plan->node_count; i++)
		append(what, size, "; node %" PRIu32 " has %" PRIu64 " free", plan->nodes[i].node,
		       plan->nodes[i].free);
	if (pool->limit_count > 0)
		append(what, size, "; the cgroup limit %s is %" PRIu64 " MiB, %" PRIu64 " MiB used",
		       pool->limits[0].path, pool->limits[0].limit_bytes / MIB,
		       pool->limits[0].used_bytes / MIB);
}

static void cure(const struct picture *p, char *hint, size_t size)
{
	const struct pool_plan *plan = &p->plan;
	bool sysctl = false;
	uint64_t memory_bytes;
	uint32_t node;

	for (uint32_t i = 0; i < p->lines.count; i++) {
		const struct pool_line *line = &p->lines.line[i];

		/* The sysctl and the pool's own file are one switch. */
		if (line->kind == LINE_SYSFS && sysctl)
			continue;
		sysctl = sysctl || line->kind == LINE_SYSCTL;
		append(hint, size, "%s%s", *hint == '\0' ? "" : "; ", line->text);
	}
	if (plan->missing_pages > 0 && plan->page_bytes >= GIB)
		append(hint, size,
		       " (where memory is fragmented only at boot: hugepagesz=1G hugepages=N on the kernel's "
		       "command line)");
	if (pool_plan_memory_short(&p->report, plan, &node, &memory_bytes))
		append(hint, size,
		       "; but only %" PRIu64 " MiB of memory are available%s: ask for less with -m",
		       memory_bytes / MIB, node < HOST_MAX_NODES ? " on a node" : "");
	if (*hint == '\0')
		append(hint, size,
		       "the pool has enough now: another process may have held the pages, or cpuset and node "
		       "limits keep this one from them; try again");
}

static int explain(struct picture *p, int err, const char *where, struct error *e)
{
	char what[sizeof(e->what)] = "", hint[sizeof(e->hint)] = "";
	const struct pool_size *pool = pool_report_size(&p->report, p->plan.page_bytes);
	int ret;

	tell(p, pool, what, sizeof(what));
	pool_lines_provide(&p->report, &p->plan, &p->lines);
	cure(p, hint, sizeof(hint));
	ret = error_set(e, STATUS_FAILED, err, where, "%s", what);
	error_hint(e, "%s", hint);
	return ret;
}

/* The picture of a host on which a mapping has failed already, less what that mapping itself was promised. */
static void after_the_fact(struct picture *p, struct pool_size *size, uint64_t needed_bytes,
			   uint64_t own_bytes)
{
	uint32_t kept = 0;

	p->told = size->counts;
	/* What the kernel could have made on demand it would have made: it counts for nothing here. */
	size->on_demand_pages = 0;
	size->counts.reserved -= min_u64(size->counts.reserved, own_bytes / size->page_bytes);
	for (uint32_t i = 0; i < size->limit_count; i++) {
		if (own_bytes < needed_bytes || strstr(size->limits[i].path, ".rsvd.") == NULL)
			size->limits[kept++] = size->limits[i];
	}
	size->limit_count = kept;
}

int pool_explain(const char *root, uint64_t page_bytes, uint64_t needed_bytes, uint64_t own_bytes,
		 uint64_t host_nodes, int err, const char *where, struct error *e)
{
	struct picture *p;
	int ret;

	err = err > 0 ? err : ENOMEM;
	if (e->status != STATUS_OK)
		return -err;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return error_set(e, STATUS_FAILED, err, where, "too few huge pages");
	pool_report_read(root, &p->report);
	for (uint32_t i = 0; i < p->report.size_count; i++) {
		if (p->report.sizes[i].page_bytes == page_bytes)
			after_the_fact(p, &p->report.sizes[i], needed_bytes, own_bytes);
	}
	ret = pool_plan_make(&p->report, needed_bytes, page_bytes, host_nodes, &p->plan, e);
	if (ret == 0)
		ret = explain(p, err, where, e);
	else
		ret = -err;
	free(p);
	return ret;
}

int pool_check(const char *root, uint64_t page_bytes, uint64_t needed_bytes, uint64_t host_nodes,
	       const char *where, struct error *e)
{
	struct error ignored = { .status = STATUS_OK };
	struct pool_counts counts;
	struct picture *p;
	bool enough;

	if (pool_read(root, page_bytes, &counts) != 0)
		return 0;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return 0;
	pool_report_read(root, &p->report);
	enough = pool_plan_make(&p->report, needed_bytes, page_bytes, host_nodes, &p->plan, &ignored) != 0 ||
		 p->plan.missing_pages == 0;
	free(p);
	return enough ? 0 : pool_explain(root, page_bytes, needed_bytes, 0, host_nodes, ENOMEM, where, e);
}
