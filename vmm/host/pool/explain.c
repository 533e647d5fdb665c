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
	struct pool_plan plan;
	struct pool_lines lines;
};

static void put_numbers(const struct shortage *s, uint64_t had_bytes, int err, const char *where,
			struct error *e)
{
	const struct pool_size *pool = pool_report_size(&s->report, s->plan.page_bytes);
	const struct pool_plan *plan = &s->plan;
	char name[24], had[64] = "";

	if (plan->page_bytes != 0 && had_bytes >= plan->page_bytes)
		(void)snprintf(had, sizeof(had), " beside %" PRIu64 " that this run has",
			       had_bytes / plan->page_bytes);
	(void)error_set(e, STATUS_FAILED, err, where,
			"too few %s pages: %" PRIu64 " needed (%" PRIu64 " MiB)%s; the pool has %" PRIu64
			" in all, %" PRIu64 " free, %" PRIu64 " of them reserved, %" PRIu64 " surplus",
			size_format(plan->page_bytes, name), plan->needed_pages, plan->bytes / MIB, had,
			pool->counts.total, pool->counts.free, pool->counts.reserved, pool->counts.surplus);
	for (uint32_t i = 0; i < plan->node_count; i++)
		append(e->what, sizeof(e->what), "; node %" PRIu32 " has %" PRIu64 " free%s",
		       plan->nodes[i].node, plan->nodes[i].free,
		       i + 1 == plan->node_count ? pool_bound_words(plan) : "");
	if (pool->limits.count > 0)
		append(e->what, sizeof(e->what),
		       "; the cgroup limit %s is %" PRIu64 " MiB, %" PRIu64 " MiB used",
		       pool->limits.list[0].path, pool->limits.list[0].limit / MIB,
		       pool->limits.list[0].used / MIB);
}

/* The lines as one command: they do the whole of it together. False: it is longer than that. */
static bool join_lines(const struct pool_lines *lines, char *text, size_t size)
{
	bool sysctl = false;

	*text = '\0';
	for (uint32_t i = 0; i < lines->count; i++) {
		const struct pool_line *line = &lines->line[i];

		/* The sysctl and the pool's own file are one switch. */
		if (line->kind == LINE_SYSFS && sysctl)
			continue;
		sysctl = sysctl || line->kind == LINE_SYSCTL;
		if (!append_whole(text, size, "%s%s", *text == '\0' ? "" : "; ", line->text))
			return false;
	}
	return true;
}

/* What stands behind a cure's command. */
#define REMARK_BYTES 96

static void put_cure(struct shortage *s, uint64_t had_bytes, struct error *e)
{
	const struct pool_plan *plan = &s->plan;
	char text[sizeof(e->hint) - REMARK_BYTES], most[24], page[24];
	bool whole;

	pool_lines_provide(&s->report, plan, &s->lines);
	whole = join_lines(&s->lines, text, sizeof(text)) && !s->lines.cut;
	if (!plan->memory_fits)
		(void)error_hint(e, "--memory %s  # the most that can be had",
				 size_format(had_bytes + plan->largest_bytes, most));
	else if (whole && s->lines.count == 0)
		(void)error_hint(
			e, "the pool has enough now: another process may have held the pages; try again");
	else if (!whole)
		(void)error_hint(
			e, "minivmm pool plan -m %s --page-size %s  # has the lines: too long for here",
			size_format(had_bytes + plan->bytes, most), size_format(plan->page_bytes, page));
	else if (plan->missing_pages > 0 && plan->page_bytes >= GIB)
		(void)error_hint(
			e, "%s  # surest at boot: hugepagesz=1G hugepages=N on the kernel's command line",
			text);
	else
		(void)error_hint(e, "%s  # as root", text);
}

static void put_shortage(struct shortage *s, uint64_t had_bytes, int err, const char *where, struct error *e)
{
	/* The first error is the cause. */
	if (e->status != STATUS_OK)
		return;
	put_numbers(s, had_bytes, err, where, e);
	put_cure(s, had_bytes, e);
}

static void shortage_free(struct shortage *s)
{
	pool_lines_free(&s->lines);
	pool_report_free(&s->report);
	free(s);
}

int pool_explain(const char *root, const struct pool_use *use, uint64_t had_bytes, int err, const char *where,
		 struct error *e)
{
	struct shortage *s;
	char size[24];

	err = err > 0 ? err : ENOMEM;
	if (e->status != STATUS_OK)
		return -err;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return error_set(e, STATUS_FAILED, err, where, "too few huge pages");
	pool_report_read(root, &s->report);
	if (s->report.sizes_hidden) {
		(void)error_set(e, STATUS_FAILED, err, where,
				"too few %s pages; how many there are is not shown here (/sys is hidden)",
				size_format(use->page_bytes, size));
		(void)error_hint(
			e,
			"ask for less with --memory; who starts this container shows it the numbers (/sys/kernel/mm/hugepages)");
	} else if (s->report.unread_err != 0) {
		(void)error_set(e, STATUS_FAILED, err, where,
				"too few %s pages; how many there are cannot be read (%s: %s)",
				size_format(use->page_bytes, size), s->report.unread,
				strerror(s->report.unread_err));
	} else if (pool_plan_make(&s->report, use, &s->plan, e) == 0)
		put_shortage(s, had_bytes, err, where, e);
	shortage_free(s);
	return -err;
}

int pool_check(const char *root, const struct pool_use *use, const char *where, struct error *e)
{
	struct error ignored = { .status = STATUS_OK };
	struct pool_counts counts;
	struct shortage *s;
	int ret = 0;

	if (pool_read(root, use->page_bytes, &counts) != 0)
		return 0;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return 0;
	pool_report_read(root, &s->report);
	if (pool_plan_make(&s->report, use, &s->plan, &ignored) == 0 && s->plan.missing_pages != 0) {
		put_shortage(s, 0, ENOMEM, where, e);
		ret = -ENOMEM;
	}
	shortage_free(s);
	return ret;
}
