/*
 * The lines that provide the pages, now and at boot, and the mount; and the same backing for minivmm, QEMU and libvirt.
 */
#include "vmm/host/pool/lines.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/host/mount.h"
#include "vmm/host/sysfile.h"
#include "vmm/util/array.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"

/* The longest path in quotes, each of its bytes as "\033". */
#define WORD_BYTES (4 * PATH_MAX + 8)

const struct pool_line_info pool_line_infos[LINE_KIND_COUNT] = {
	[LINE_SYSCTL] = { "sysctl", true }, [LINE_SYSFS] = { "sysfs", true },
	[LINE_CGROUP] = { "cgroup", true }, [LINE_SCRIPT] = { "script", true },
	[LINE_BOOT] = { "boot", false },    [LINE_MOUNT] = { "mount", true },
	[LINE_FSTAB] = { "fstab", false },  [LINE_MINIVMM] = { "minivmm", true },
	[LINE_QEMU] = { "qemu", true },     [LINE_LIBVIRT] = { "libvirt", false },
};

void pool_line_add(struct pool_lines *lines, enum pool_line_kind kind, const char *fmt, ...)
{
	struct pool_line line = { .kind = kind };
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&line.text, fmt, args) < 0)
		line.text = NULL;
	va_end(args);
	if (line.text == NULL || ARRAY_PUSH(lines->line, lines->count, line) != 0) {
		free(line.text);
		lines->cut = true;
	}
}

void pool_lines_free(struct pool_lines *lines)
{
	for (uint32_t i = 0; i < lines->count; i++)
		free(lines->line[i].text);
	free(lines->line);
	*lines = (struct pool_lines){ .count = 0 };
}

const char *pool_node_list(const struct pool_plan *plan, char *buf, size_t size)
{
	buf[0] = '\0';
	for (uint32_t i = 0; i < plan->node_count; i++) {
		uint32_t first = plan->nodes[i].node, last = first;

		while (i + 1 < plan->node_count && plan->nodes[i + 1].node == last + 1)
			last = plan->nodes[++i].node;
		if (!append_whole(buf, size, first == last ? "%s%" PRIu32 : "%s%" PRIu32 "-%" PRIu32,
				  buf[0] == '\0' ? "" : ",", first, last))
			break;
	}
	return buf;
}

/* Has a mount with these options room for the plan, as far as they tell? */
static bool mount_allows(const char *options, const struct pool_plan *plan)
{
	uint64_t size_bytes;

	return !list_has_word(options, ",", "ro") && (mount_option_size(options, "size", &size_bytes) != 0 ||
						      size_bytes >= plan->needed_pages * plan->page_bytes);
}

/*
 * The mount for the plan: the one with the shortest path of those that allow it (others are a container's or a pod's). NULL:
 * none, and where one should be is in path ("/dev/hugepages-1G", or where that is taken "/dev/hugepages-1G-2").
 */
static const struct pool_mount *find_mount(const struct pool_report *report, const struct pool_plan *plan,
					   char *path, size_t size)
{
	const struct pool_mount *found = NULL;
	bool taken = true;
	char name[24];

	for (uint32_t i = 0; i < report->mount_count; i++) {
		const struct pool_mount *m = &report->mounts[i];

		if (m->page_bytes == plan->page_bytes && is_plain_word(m->path) && strlen(m->path) < size &&
		    mount_allows(m->options, plan) &&
		    (found == NULL || strlen(m->path) < strlen(found->path)))
			found = m;
	}
	(void)snprintf(path, size, "%s", found != NULL ? found->path : "");
	(void)size_format(plan->page_bytes, name);
	for (uint32_t n = 1; found == NULL && taken; n++) {
		(void)snprintf(path, size, n == 1 ? "/dev/hugepages-%s" : "/dev/hugepages-%s-%" PRIu32, name,
			       n);
		taken = false;
		for (uint32_t i = 0; i < report->mount_count; i++)
			taken = taken || strcmp(report->mounts[i].path, path) == 0;
	}
	return found;
}

static void provide_pages(const struct pool_size *size, const struct pool_plan *plan,
			  struct pool_lines *lines)
{
	uint64_t kib = plan->page_bytes / KIB;

	for (uint32_t i = 0; i < plan->node_count; i++) {
		if (plan->nodes[i].missing > 0)
			pool_line_add(lines, LINE_SYSFS,
				      "echo %" PRIu64 " > /sys/devices/system/node/node%" PRIu32
				      "/hugepages/hugepages-%" PRIu64 "kB/nr_hugepages",
				      plan->nodes[i].total + plan->nodes[i].missing, plan->nodes[i].node,
				      kib);
	}
	if (plan->node_count > 0 || plan->missing_pages == 0)
		return;
	/*
	 * nr_hugepages takes the count of persistent pages; a larger one makes surplus pages persistent before new
	 * ones are taken, so what is missing comes on top of today's total.
	 */
	if (size->is_default)
		pool_line_add(lines, LINE_SYSCTL, "sysctl vm.nr_hugepages=%" PRIu64,
			      size->counts.total + plan->missing_pages);
	pool_line_add(lines, LINE_SYSFS,
		      "echo %" PRIu64 " > /sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB/nr_hugepages",
		      size->counts.total + plan->missing_pages, kib);
}

void pool_lines_provide(const struct pool_report *report, const struct pool_plan *plan,
			struct pool_lines *lines)
{
	const struct pool_size *size = pool_report_size(report, plan->page_bytes);
	uint64_t bytes = plan->needed_pages * plan->page_bytes;
	char word[WORD_BYTES];

	if (size == NULL || !plan->memory_fits)
		return;
	provide_pages(size, plan, lines);
	for (uint32_t i = 0; i < size->limits.count; i++) {
		const struct limit *limit = &size->limits.list[i];
		uint64_t more = bytes - (limits_promises(limit) ? min_u64(plan->promised_bytes, bytes) : 0);

		if (limit_room(limit) < more)
			pool_line_add(lines, LINE_CGROUP, "echo %" PRIu64 " > %s", limit->used + more,
				      shell_word(limit->path, word, sizeof(word)));
	}
}

/* All nodes, also those outside the plan with what they have: at boot, a node that is not named gets no pages. */
static void boot_nodes(const struct pool_size *size, const struct pool_plan *plan, char *buf, size_t bytes)
{
	buf[0] = '\0';
	for (uint32_t i = 0; i < size->node_count; i++) {
		uint64_t pages = size->nodes[i].total;

		for (uint32_t k = 0; k < plan->node_count; k++)
			pages += plan->nodes[k].node == size->nodes[i].node ? plan->nodes[k].missing : 0;
		if (pages != 0 && !append_whole(buf, bytes, "%s%" PRIu32 ":%" PRIu64,
						buf[0] == '\0' ? "" : ",", size->nodes[i].node, pages))
			return;
	}
}

static void script_lines(const struct pool_plan *plan, const char *name, struct pool_lines *lines)
{
	if (plan->missing_pages == 0)
		return;
	if (plan->node_count == 0)
		pool_line_add(lines, LINE_SCRIPT, "scripts/hugepages.sh reserve %s %" PRIu64, name,
			      plan->needed_pages);
	/* The script is told how many pages are to be free on the node, so those that are free already count, too. */
	for (uint32_t i = 0; i < plan->node_count; i++) {
		if (plan->nodes[i].missing > 0)
			pool_line_add(lines, LINE_SCRIPT,
				      "scripts/hugepages.sh reserve %s %" PRIu64 " --node %" PRIu32, name,
				      plan->nodes[i].free + plan->nodes[i].missing, plan->nodes[i].node);
	}
}

static void permanent_lines(const struct pool_report *report, const struct pool_plan *plan,
			    struct pool_lines *lines)
{
	const struct pool_size *size = pool_report_size(report, plan->page_bytes);
	char name[24], path[256], options[512], count[32 * HOST_MAX_NODES];
	const struct pool_mount *mount;

	if (size == NULL)
		return;
	(void)size_format(plan->page_bytes, name);
	script_lines(plan, name, lines);
	if (plan->node_count > 0)
		boot_nodes(size, plan, count, sizeof(count));
	else
		(void)snprintf(count, sizeof(count), "%" PRIu64,
			       max_u64(size->counts.total + plan->missing_pages, plan->needed_pages));
	pool_line_add(lines, LINE_BOOT, "hugepagesz=%s hugepages=%s", name, count);
	if (!size->is_default)
		pool_line_add(lines, LINE_BOOT, "default_hugepagesz=%s hugepagesz=%s hugepages=%s", name,
			      name, count);
	mount = find_mount(report, plan, path, sizeof(path));
	if (mount == NULL)
		pool_line_add(lines, LINE_MOUNT,
			      "mkdir -p %s && mount -t hugetlbfs -o pagesize=%s hugetlbfs %s", path, name,
			      path);
	/* One that is there keeps its options; before Linux 4.12 the page size is not among them. */
	if (mount_options_with(mount != NULL ? mount->options : "", "pagesize", name, options,
			       sizeof(options)))
		pool_line_add(lines, LINE_FSTAB, "hugetlbfs %s hugetlbfs %s 0 0", path, options);
}

struct words {
	char memory[24], page[24], nodes[256], mount[256];
};

static void minivmm_lines(const struct words *w, struct pool_lines *lines)
{
	char bind[320] = "";

	if (w->nodes[0] != '\0')
		(void)snprintf(bind, sizeof(bind), " --host-nodes %s --policy bind", w->nodes);
	pool_line_add(lines, LINE_MINIVMM, "minivmm run -m %s --backing hugetlb --page-size %s --prealloc%s",
		      w->memory, w->page, bind);
	pool_line_add(lines, LINE_MINIVMM, "minivmm run -m %s --mem-path %s --prealloc%s", w->memory,
		      w->mount, bind);
}

/* QEMU takes one range or number after each host-nodes= (qapi/qom.json: a list, so the key is repeated). */
static void qemu_nodes(const struct words *w, char *buf, size_t size)
{
	buf[0] = '\0';
	for (const char *p = w->nodes; *p != '\0'; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ',')) {
		if (!append_whole(buf, size, ",host-nodes=%.*s", (int)strcspn(p, ","), p))
			return;
	}
	if (buf[0] != '\0')
		append(buf, size, ",policy=bind");
}

static void qemu_lines(const struct words *w, struct pool_lines *lines)
{
	char bind[512];

	qemu_nodes(w, bind, sizeof(bind));
	pool_line_add(lines, LINE_QEMU,
		      "-m %s -machine memory-backend=ram -object memory-backend-memfd,id=ram,size=%s,"
		      "hugetlb=on,hugetlbsize=%s,prealloc=on%s",
		      w->memory, w->memory, w->page, bind);
	pool_line_add(lines, LINE_QEMU,
		      "-m %s -machine memory-backend=ram -object memory-backend-file,id=ram,size=%s,"
		      "mem-path=%s,share=on,prealloc=on%s",
		      w->memory, w->memory, w->mount, bind);
}

/*
 * nodeset of <page> names nodes of the guest, not of the host (libvirt's formatdomain: memory backing); the host's
 * nodes are numatune's.
 */
static void libvirt_lines(const struct pool_plan *plan, const struct words *w, struct pool_lines *lines)
{
	char numatune[400] = "";

	if (w->nodes[0] != '\0')
		(void)snprintf(numatune, sizeof(numatune),
			       "\n<numatune>\n  <memory mode='strict' nodeset='%s'/>\n</numatune>", w->nodes);
	pool_line_add(lines, LINE_LIBVIRT,
		      "<memory unit='KiB'>%" PRIu64 "</memory>\n"
		      "<memoryBacking>\n"
		      "  <hugepages>\n"
		      "    <page size='%" PRIu64 "' unit='KiB'/>\n"
		      "  </hugepages>\n"
		      "  <allocation mode='immediate'/>\n"
		      "</memoryBacking>%s",
		      plan->needed_pages * plan->page_bytes / KIB, plan->page_bytes / KIB, numatune);
}

static void backing_lines(const struct pool_report *report, const struct pool_plan *plan,
			  struct pool_lines *lines)
{
	struct words w = { 0 };

	(void)size_format(plan->needed_pages * plan->page_bytes, w.memory);
	(void)size_format(plan->page_bytes, w.page);
	(void)pool_node_list(plan, w.nodes, sizeof(w.nodes));
	(void)find_mount(report, plan, w.mount, sizeof(w.mount));
	minivmm_lines(&w, lines);
	qemu_lines(&w, lines);
	libvirt_lines(plan, &w, lines);
}

void pool_lines_all(const struct pool_report *report, const struct pool_use *use,
		    const struct pool_plan *plan, struct pool_lines *lines)
{
	struct pool_plan smaller;
	const struct pool_plan *best = pool_plan_best(report, use, plan, &smaller);

	if (best == NULL)
		return;
	pool_lines_provide(report, best, lines);
	permanent_lines(report, best, lines);
	backing_lines(report, best, lines);
}
