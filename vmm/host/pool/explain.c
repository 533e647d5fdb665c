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
struct shortage {
	struct pool_report report;
	struct pool_counts
		counted; /* by the kernel; those of the report are less what was promised to the mapping */
	struct pool_plan plan;
	struct pool_lines lines;
};

static void put_numbers(const struct shortage *s, int err, const char *where, struct error *e)
{
	const struct pool_size *pool = pool_report_size(&s->report, s->plan.page_bytes);
	const struct pool_plan *plan = &s->plan;
	char name[24];

	(void)error_set(e, STATUS_FAILED, err, where,
			"too few %s pages: %" PRIu64 " needed (%" PRIu64 " MiB); the pool has %" PRIu64
			" in all, %" PRIu64 " free, %" PRIu64 " of them reserved, %" PRIu64 " surplus",
			size_format(plan->page_bytes, name), plan->needed_pages, plan->bytes / MIB,
			s->counted.total, s->counted.free, s->counted.reserved, s->counted.surplus);
	for (uint32_t i = 0; i < plan->node_count; i++)
		append(e->what, sizeof(e->what), "; node %" PRIu32 " has %" PRIu64 " free",
		       plan->nodes[i].node, plan->nodes[i].free);
	if (pool->limits.count > 0)
		append(e->what, sizeof(e->what),
		       "; the cgroup limit %s is %" PRIu64 " MiB, %" PRIu64 " MiB used",
		       pool->limits.list[0].path, pool->limits.list[0].limit / MIB,
		       pool->limits.list[0].used / MIB);
}

static void put_cures(const struct shortage *s, char *hint, size_t size)
{
	const struct pool_plan *plan = &s->plan;
	bool sysctl = false;
	uint64_t memory_bytes;
	uint32_t node;

	*hint = '\0';
	for (uint32_t i = 0; i < s->lines.count; i++) {
		const struct pool_line *line = &s->lines.line[i];

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
	if (pool_plan_memory_short(&s->report, plan, &node, &memory_bytes))
		append(hint, size,
		       "; but only %" PRIu64 " MiB of memory are available%s: ask for less with -m",
		       memory_bytes / MIB, node < HOST_MAX_NODES ? " on a node" : "");
	if (*hint == '\0')
		append(hint, size,
		       "the pool has enough now: another process may have held the pages, or cpuset and node "
		       "limits keep this one from them; try again");
}

/* Make *size that of a pool of which a mapping has failed already, less what that mapping itself was promised. */
static void leave_out_own(struct pool_size *size, uint64_t needed_bytes, uint64_t own_bytes)
{
	uint32_t kept = 0;

	/* The kernel has failed to make any on demand. */
	size->on_demand_pages = 0;
	size->counts.reserved -= min_u64(size->counts.reserved, own_bytes / size->page_bytes);
	for (uint32_t i = 0; i < size->limits.count; i++) {
		struct limit *limit = &size->limits.list[i];

		if (own_bytes < needed_bytes || strstr(limit->path, ".rsvd.") == NULL)
			size->limits.list[kept++] = *limit;
		else
			free(limit->path);
	}
	size->limits.count = kept;
}

int pool_explain(const char *root, uint64_t page_bytes, uint64_t needed_bytes, uint64_t own_bytes,
		 uint64_t host_nodes, int err, const char *where, struct error *e)
{
	struct pool_counts counts;
	struct shortage *s;
	char size[24];

	err = err > 0 ? err : ENOMEM;
	if (e->status != STATUS_OK)
		return -err;
	if (pool_read(root, page_bytes, &counts) == -ENODATA) {
		(void)error_set(e, STATUS_FAILED, err, where,
				"too few %s pages; how many there are is not shown here (/sys is hidden)",
				size_format(page_bytes, size));
		return error_hint(
			e,
			"ask for less with --memory; who starts this container shows it the numbers (/sys/kernel/mm/hugepages)");
	}
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return error_set(e, STATUS_FAILED, err, where, "too few huge pages");
	pool_report_read(root, &s->report);
	for (uint32_t i = 0; i < s->report.size_count; i++) {
		if (s->report.sizes[i].page_bytes != page_bytes)
			continue;
		s->counted = s->report.sizes[i].counts;
		leave_out_own(&s->report.sizes[i], needed_bytes, own_bytes);
	}
	if (pool_plan_make(&s->report, needed_bytes, page_bytes, host_nodes, &s->plan, e) == 0) {
		put_numbers(s, err, where, e);
		pool_lines_provide(&s->report, &s->plan, &s->lines);
		put_cures(s, e->hint, sizeof(e->hint));
	}
	pool_report_free(&s->report);
	free(s);
	return -err;
}

int pool_check(const char *root, uint64_t page_bytes, uint64_t needed_bytes, uint64_t host_nodes,
	       const char *where, struct error *e)
{
	struct error ignored = { .status = STATUS_OK };
	struct pool_counts counts;
	struct shortage *s;
	bool enough;

	if (pool_read(root, page_bytes, &counts) != 0)
		return 0;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return 0;
	pool_report_read(root, &s->report);
	enough = pool_plan_make(&s->report, needed_bytes, page_bytes, host_nodes, &s->plan, &ignored) != 0 ||
		 s->plan.missing_pages == 0;
	pool_report_free(&s->report);
	free(s);
	return enough ? 0 : pool_explain(root, page_bytes, needed_bytes, 0, host_nodes, ENOMEM, where, e);
}
