/*
 * The lines that describe the same backing to minivmm, QEMU and libvirt.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "units.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"
#include "vmm/host/pool/lines.h"

struct words {
	char memory[24], page[24], nodes[256], mount[256];
};

static void minivmm_lines(const struct words *w, struct pool_lines *lines)
{
	char bind[320] = "";

	if (w->nodes[0] != '\0')
		(void)snprintf(bind, sizeof(bind), " --host-nodes %s --policy bind", w->nodes);
	pool_lines_add(lines, LINE_MINIVMM, "minivmm run -m %s --backing hugetlb --page-size %s --prealloc%s",
		       w->memory, w->page, bind);
	pool_lines_add(lines, LINE_MINIVMM, "minivmm run -m %s --mem-path %s --prealloc%s", w->memory,
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
	pool_lines_add(lines, LINE_QEMU,
		       "-m %s -machine memory-backend=ram -object memory-backend-memfd,id=ram,size=%s,"
		       "hugetlb=on,hugetlbsize=%s,prealloc=on%s",
		       w->memory, w->memory, w->page, bind);
	pool_lines_add(lines, LINE_QEMU,
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
	pool_lines_add(lines, LINE_LIBVIRT,
		       "<memory unit='KiB'>%" PRIu64 "</memory>\n"
		       "<memoryBacking>\n"
		       "  <hugepages>\n"
		       "    <page size='%" PRIu64 "' unit='KiB'/>\n"
		       "  </hugepages>\n"
		       "  <allocation mode='immediate'/>\n"
		       "</memoryBacking>%s",
		       plan->needed_pages * plan->page_bytes / KIB, plan->page_bytes / KIB, numatune);
}

void pool_lines_backing(const struct pool_report *report, const struct pool_plan *plan,
			struct pool_lines *lines)
{
	struct words w = { 0 };

	(void)size_format(plan->needed_pages * plan->page_bytes, w.memory);
	(void)size_format(plan->page_bytes, w.page);
	(void)pool_node_list(plan, w.nodes, sizeof(w.nodes));
	(void)pool_mount_path(report, plan, w.mount, sizeof(w.mount));
	minivmm_lines(&w, lines);
	qemu_lines(&w, lines);
	libvirt_lines(plan, &w, lines);
}
