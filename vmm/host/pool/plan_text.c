/*
 * A plan as text: its numbers, its verdict, then lines to copy.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/util/size.h"
#include "vmm/host/pool/lines.h"
#include "vmm/host/pool/emit.h"
#include "vmm/output/paragraph.h"

#define INDENT 2

/* Where to end a line of a shell command that has `room` columns: behind a blank or a comma, 0 for nowhere. */
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
		if (pool_line_is_shell(kind))
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
	for (uint32_t i = 0; size != NULL && i < size->limit_count; i++) {
		const struct cgroup_limit *limit = &size->limits[i];

		if (cgroup_room(limit) / plan->page_bytes < plan->needed_pages)
			paragraph(out, "limit", "%s is %" PRIu64 " MiB, %" PRIu64 " MiB used: too tight",
				  limit->path, limit->limit_bytes / MIB, limit->used_bytes / MIB);
	}
}

static void verdict(const struct pool_report *report, const struct pool_plan *plan, FILE *out)
{
	uint64_t memory_bytes;
	uint32_t node;

	if (plan->enough && plan->on_demand_pages == 0)
		paragraph(out, "verdict", "enough");
	else if (plan->enough)
		paragraph(out, "verdict",
			  "enough, if the kernel can make %" PRIu64
			  " pages when they are mapped (overcommit): it cannot where memory is in pieces",
			  plan->on_demand_pages);
	else if (plan->missing_pages == 0)
		paragraph(out, "verdict",
			  "not enough: the pool has the pages, a control group's limit is in the way");
	else
		paragraph(out, "verdict", "not enough: pages missing: %" PRIu64 " (%" PRIu64 " MiB)",
			  plan->missing_pages, plan->missing_pages * plan->page_bytes / MIB);
	if (!pool_plan_memory_short(report, plan, &node, &memory_bytes))
		return;
	if (node < HOST_MAX_NODES)
		paragraph(out, "",
			  "node %" PRIu32 " has only %" PRIu64
			  " MiB of memory available: ask for less with -m",
			  node, memory_bytes / MIB);
	else
		paragraph(out, "", "only %" PRIu64 " MiB of memory are available: ask for less with -m",
			  memory_bytes / MIB);
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

int pool_plan_text(const struct pool_report *report, const struct pool_plan *plan, FILE *out)
{
	/* Too large for a thread's stack. */
	struct pool_lines *lines = calloc(1, sizeof(*lines));
	bool bound = plan->node_count > 0;

	if (lines == NULL)
		return -ENOMEM;
	pool_lines_provide(report, plan, lines);
	pool_lines_keep(report, plan, lines);
	pool_lines_backing(report, plan, lines);
	errno = 0;
	numbers(report, plan, out);
	verdict(report, plan, out);
	(void)fputc('\n', out);
	section(lines, LINE_SYSCTL, "now, as root:", out);
	section(lines, LINE_SYSFS, bound ? "now, as root:" : "the same through sysfs:", out);
	section(lines, LINE_CGROUP, "raise the control group's limit, as root:", out);
	section(lines, LINE_SCRIPT, "or with a way back (scripts/hugepages.sh restore):", out);
	section(lines, LINE_BOOT, boot_title(report, plan), out);
	section(lines, LINE_MOUNT, "a mount for --mem-path, as root:", out);
	section(lines, LINE_FSTAB, "the mount in /etc/fstab:", out);
	section(lines, LINE_MINIVMM, "minivmm on this backing:", out);
	section(lines, LINE_QEMU, "QEMU options for the same backing:", out);
	section(lines, LINE_LIBVIRT, "libvirt domain elements for the same backing:", out);
	free(lines);
	if (fflush(out) != 0 || ferror(out))
		return errno != 0 ? -errno : -EIO;
	return 0;
}
