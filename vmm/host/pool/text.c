/*
 * As text: the pools as a table, then limits and mounts; and a plan, its numbers, its verdict, then lines to copy.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/host/pool/lines.h"
#include "vmm/host/pool/pool.h"
#include "vmm/util/size.h"
#include "vmm/output/output.h"
#include "vmm/output/paragraph.h"

static void size_rows(const struct pool_size *size, FILE *out)
{
	char name[24];

	(void)fprintf(out,
		      "%-4s%-2s%-8s%10" PRIu64 "%10" PRIu64 "%10" PRIu64 "%10" PRIu64 "%12" PRIu64
		      "%12" PRIu64 "\n",
		      size_format(size->page_bytes, name), size->is_default ? "*" : "", "all",
		      size->counts.total, size->counts.free, size->counts.reserved, size->counts.surplus,
		      size->overcommit, size->available_pages);
	/* The kernel counts promises for the pool as a whole only. */
	for (uint32_t i = 0; i < size->node_count; i++)
		(void)fprintf(out, "      node %-3" PRIu32 "%10" PRIu64 "%10" PRIu64 "%10s%10" PRIu64 "\n",
			      size->nodes[i].node, size->nodes[i].total, size->nodes[i].free, "-",
			      size->nodes[i].surplus);
}

static void limits(const struct pool_report *report, FILE *out)
{
	uint32_t told = 0;
	bool hidden = false;

	for (uint32_t i = 0; i < report->size_count; i++) {
		const struct pool_size *size = &report->sizes[i];
		char name[24];

		for (uint32_t k = 0; k < size->limits.count; k++, told++) {
			const struct limit *limit = &size->limits.list[k];

			paragraph(out, told == 0 ? "limits" : "",
				  "%s: %" PRIu64 " MiB, %" PRIu64 " MiB used: %s",
				  size_format(size->page_bytes, name), limit->limit / MIB, limit->used / MIB,
				  limit->path);
		}
		if (size->limits.unknown[0] != '\0') {
			paragraph(out, told++ == 0 ? "limits" : "",
				  "%s: not known whether there are others: %s",
				  size_format(size->page_bytes, name), size->limits.unknown);
		}
		hidden = hidden || size->limits.hidden;
	}
	if (told == 0)
		paragraph(out, "limits", "no control group limits the huge pages of this process%s",
			  hidden ? ", as far as can be seen from this container" : "");
}

static void mounts(const struct pool_report *report, FILE *out)
{
	for (uint32_t i = 0; i < report->mount_count; i++) {
		const struct pool_mount *m = &report->mounts[i];
		char name[24] = "page size unknown";

		if (m->page_bytes != 0)
			(void)size_format(m->page_bytes, name);
		paragraph(out, i == 0 ? "mounts" : "", "%s: %s (%s)", m->path, name, m->options);
	}
	if (!report->mounts_known)
		paragraph(out, "mounts",
			  "not known: /proc/self/mounts cannot be read, or has more than 32 MiB");
	else if (report->mount_count == 0)
		paragraph(out, "mounts",
			  "no hugetlbfs: --mem-path needs one, --backing hugetlb and memfd do not");
}

/* Nodes that have memory, and not for this process. */
static void kept_off(uint64_t with_memory, uint64_t mask, const char *by, FILE *out)
{
	for (uint32_t node = 0; mask != 0 && node < HOST_MAX_NODES; node++) {
		if ((with_memory & ~mask) >> node & 1)
			paragraph(out, by, "this process may not use node %" PRIu32, node);
	}
}

static void allowed(const struct pool_report *report, FILE *out)
{
	const struct usable_nodes *a = &report->allowed;

	kept_off(a->with_memory, a->cpuset, "cpuset", out);
	kept_off(a->with_memory, a->policy, "policy", out);
	if (report->nodes_beyond != 0)
		paragraph(out, "nodes", "%" PRIu32 " more, from node %d on, are not looked at",
			  report->nodes_beyond, HOST_MAX_NODES);
}

int pool_show_text(const struct pool_report *report, FILE *out)
{
	if (report->size_count == 0) {
		paragraph(out, "pools", "%s",
			  report->sizes_hidden ? "not known: /sys/kernel/mm/hugepages is not shown here"
					       : "this kernel and CPU have no hugetlb pools");
	} else {
		(void)fprintf(out, "%-6s%-8s%10s%10s%10s%10s%12s%12s\n", "pages", "of", "Total", "Free",
			      "Rsvd", "Surp", "Overcommit", "Available");
		for (uint32_t i = 0; i < report->size_count; i++)
			size_rows(&report->sizes[i], out);
		(void)fputc('\n', out);
		paragraph(out, "Rsvd", "of the free ones, those promised to mappings already");
		paragraph(out, "Available",
			  "what this process could get now: Free - Rsvd, and what Overcommit and "
			  "memory still allow to be made, within the limits below");
		paragraph(out, "*",
			  "the default size: what sysctl vm.nr_hugepages counts, and mounts without "
			  "pagesize= take");
	}
	(void)fputc('\n', out);
	limits(report, out);
	mounts(report, out);
	allowed(report, out);
	if (report->memory_available_bytes != 0)
		paragraph(out, "memory",
			  "%" PRIu64 " MiB available, of which pools could still grow by %" PRIu64
			  " MiB at most: the rest is left to others",
			  report->memory_available_bytes / MIB, report->spare_bytes / MIB);
	paragraph(out, "next", "minivmm pool plan -m 1G --page-size 2M tells what a run would need");
	return stream_finish(out);
}

#define INDENT 2

/* How much of a shell command goes on a line of `room` columns: up to a blank or a comma; 0: it cannot be broken. */
static size_t break_at(const char *text, size_t room)
{
	size_t best = 0, blank = 0;

	for (size_t i = 0; i < room && text[i] != '\0'; i++) {
		if (text[i] == ' ' || text[i] == ',')
			best = i + 1;
		if (text[i] == ' ')
			blank = i + 1;
	}
	return blank > room / 2 ? blank : best;
}

/*
 * One command, continued by backslashes. Behind a comma the next line starts in the first column: blanks there would
 * end the word.
 */
static void shell_line(const char *text, FILE *out)
{
	size_t indent = INDENT;

	for (;;) {
		size_t room = SCREEN_COLUMNS - indent;
		size_t cut = strlen(text) > room ? break_at(text, room - 2) : 0;

		if (cut == 0) {
			(void)fprintf(out, "%*s%s\n", (int)indent, "", text);
			return;
		}
		(void)fprintf(out, "%*s%.*s\\\n", (int)indent, "", (int)cut, text);
		indent = text[cut - 1] == ' ' ? INDENT + 4 : 0;
		text += cut;
	}
}

static void plain_lines(const char *text, FILE *out)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		(void)fprintf(out, "%*s%.*s\n", INDENT, "", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

static void section(const struct pool_lines *lines, enum pool_line_kind kind, const char *title, FILE *out)
{
	bool told = false;

	for (uint32_t i = 0; i < lines->count; i++) {
		if (lines->line[i].kind != kind)
			continue;
		if (!told)
			(void)fprintf(out, "%s\n", title);
		told = true;
		if (pool_line_infos[kind].shell)
			shell_line(lines->line[i].text, out);
		else
			plain_lines(lines->line[i].text, out);
	}
}

static void numbers(const struct pool_report *report, const struct pool_plan *plan, FILE *out)
{
	const struct pool_size *size = pool_report_size(report, plan->page_bytes);
	char memory[24], page[24], nodes[256];

	paragraph(out, "plan", "%s on pages of %s%s%s", size_format(plan->bytes, memory),
		  size_format(plan->page_bytes, page),
		  plan->node_count == 0   ? ""
		  : plan->node_count == 1 ? " of node "
					  : " of nodes ",
		  pool_node_list(plan, nodes, sizeof(nodes)));
	paragraph(out, "needed", "%" PRIu64 " pages (%" PRIu64 " MiB)", plan->needed_pages,
		  plan->needed_pages * plan->page_bytes / MIB);
	if (size != NULL)
		paragraph(out, "pool",
			  "%" PRIu64 " in all, %" PRIu64 " free, %" PRIu64 " of them reserved, %" PRIu64
			  " surplus",
			  size->counts.total, size->counts.free, size->counts.reserved, size->counts.surplus);
	for (uint32_t i = 0; i < plan->node_count; i++)
		paragraph(out, i == 0 ? "nodes" : "",
			  "node %" PRIu32 ": %" PRIu64 " in all, %" PRIu64 " free, gives %" PRIu64
			  ", %" PRIu64 " missing",
			  plan->nodes[i].node, plan->nodes[i].total, plan->nodes[i].free,
			  plan->nodes[i].needed, plan->nodes[i].missing);
	for (uint32_t i = 0; size != NULL && i < size->limits.count; i++) {
		const struct limit *limit = &size->limits.list[i];

		if (limit_room(limit) / plan->page_bytes < plan->needed_pages)
			paragraph(out, "limit", "%s is %" PRIu64 " MiB, %" PRIu64 " MiB used: too tight",
				  limit->path, limit->limit / MIB, limit->used / MIB);
	}
	if (size != NULL && size->limits.unknown[0] != '\0')
		paragraph(out, "limit", "not known whether there are others: %s", size->limits.unknown);
}

/* A mount whose own pages the plan does not count, as it is of any backing. */
static void kept_by_mounts(const struct pool_report *report, const struct pool_use *use, FILE *out)
{
	for (uint32_t i = 0; i < report->mount_count; i++) {
		const struct pool_mount *m = &report->mounts[i];
		struct error ignored = { .status = STATUS_OK };
		struct pool_use there = *use;
		struct pool_plan plan;

		there.held_bytes = m->held_bytes;
		if (m->held_bytes != 0 && m->page_bytes == use->page_bytes &&
		    pool_plan_make(report, &there, &plan, &ignored) == 0)
			paragraph(out, "mount",
				  "%s keeps %" PRIu64
				  " pages for its files (min_size=): with --mem-path %s %" PRIu64
				  " are missing, if no other file has them",
				  m->path, m->held_bytes / m->page_bytes, m->path, plan.missing_pages);
	}
}

/* What would be too much, and what would not. */
static void largest(const struct pool_plan *plan, FILE *out)
{
	char size[24], page[24];

	if (!plan->memory_fits)
		paragraph(out, "", "memory%s can be spared for %s of such pages in all",
			  plan->node_count > 0 ? " of these nodes" : "",
			  size_format(plan->largest_bytes, size));
	if (plan->largest_bytes >= plan->page_bytes)
		paragraph(out, "largest", "-m %s%s", size_format(plan->largest_bytes, size),
			  plan->memory_fits ? "" : ", and that is what the lines below provide");
	else
		paragraph(out, "largest", "not one page of %s", size_format(plan->page_bytes, page));
}

static void verdict(const struct pool_plan *plan, FILE *out)
{
	if (plan->enough && plan->on_demand_pages == 0)
		paragraph(out, "verdict", "enough");
	else if (plan->enough)
		paragraph(out, "verdict",
			  "enough, if the kernel can make %" PRIu64
			  " pages when they are mapped (overcommit): it cannot where memory is in pieces",
			  plan->on_demand_pages);
	else if (pool_plan_fits(plan))
		paragraph(out, "verdict", "pages missing: %" PRIu64 " (%" PRIu64 " MiB), which can be added",
			  plan->missing_pages, plan->missing_pages * plan->page_bytes / MIB);
	else if (plan->missing_pages == 0)
		paragraph(out, "verdict",
			  "not enough: the pool has the pages, a control group's limit is in the way");
	else
		paragraph(out, "verdict", "not enough: pages missing: %" PRIu64 " (%" PRIu64 " MiB)%s",
			  plan->missing_pages, plan->missing_pages * plan->page_bytes / MIB,
			  plan->memory_fits ? ", and a control group's limit is in the way" : "");
	if (plan->missing_pages > 0 && plan->page_bytes >= GIB)
		paragraph(
			out, "",
			"such pages are whole pieces of memory: surest at boot, later there may be fewer than memory allows");
	if (!pool_plan_fits(plan))
		largest(plan, out);
}

static const char *boot_title(const struct pool_report *report, const struct pool_plan *plan)
{
	const struct pool_size *size = pool_report_size(report, plan->page_bytes);
	bool second = size != NULL && !size->is_default;

	if (plan->node_count > 0)
		return second ? "at boot, on the kernel command line (Linux 5.16; the second also makes it "
				"the default):"
			      : "at boot, on the kernel command line (Linux 5.16 or later):";
	return second ? "at boot, on the kernel command line (the second also makes it the default size):"
		      : "at boot, on the kernel command line:";
}

int pool_plan_text(const struct pool_report *report, const struct pool_use *use, const struct pool_plan *plan,
		   FILE *out)
{
	struct pool_lines lines = { .count = 0 };
	bool bound = plan->node_count > 0, cut;

	pool_lines_all(report, use, plan, &lines);
	numbers(report, plan, out);
	verdict(plan, out);
	kept_by_mounts(report, use, out);
	(void)fputc('\n', out);
	section(&lines, LINE_SYSCTL, "now, as root:", out);
	section(&lines, LINE_SYSFS, bound ? "now, as root:" : "the same through sysfs:", out);
	section(&lines, LINE_CGROUP, "raise the control group's limit, as root:", out);
	section(&lines, LINE_SCRIPT, "or with a way back (scripts/hugepages.sh restore):", out);
	section(&lines, LINE_BOOT, boot_title(report, plan), out);
	section(&lines, LINE_MOUNT, "a mount for --mem-path, as root:", out);
	section(&lines, LINE_FSTAB, "the mount in /etc/fstab:", out);
	section(&lines, LINE_MINIVMM, "minivmm on this backing:", out);
	section(&lines, LINE_QEMU, "QEMU options for the same backing:", out);
	section(&lines, LINE_LIBVIRT, "libvirt domain elements for the same backing:", out);
	cut = lines.cut;
	pool_lines_free(&lines);
	return cut ? -ENOMEM : stream_finish(out);
}
