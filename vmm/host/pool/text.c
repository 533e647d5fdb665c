/*
 * The pools as a table, then limits and mounts.
 */
#include "vmm/host/pool/emit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "units.h"
#include "vmm/util/size.h"
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

	for (uint32_t i = 0; i < report->size_count; i++) {
		const struct pool_size *size = &report->sizes[i];

		for (uint32_t k = 0; k < size->limit_count; k++, told++) {
			const struct cgroup_limit *limit = &size->limits[k];
			char name[24];

			paragraph(out, told == 0 ? "limits" : "",
				  "%s: %" PRIu64 " MiB, %" PRIu64 " MiB used: %s",
				  size_format(size->page_bytes, name), limit->limit_bytes / MIB,
				  limit->used_bytes / MIB, limit->path);
		}
	}
	if (told == 0)
		paragraph(out, "limits", "no control group limits the huge pages of this process");
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
	if (report->mount_count == 0)
		paragraph(out, "mounts",
			  "no hugetlbfs: --mem-path needs one, --backing hugetlb and memfd do not");
}

static void allowed(const struct pool_report *report, FILE *out)
{
	uint64_t there = 0;

	for (uint32_t i = 0; i < report->size_count; i++) {
		for (uint32_t k = 0; k < report->sizes[i].node_count; k++)
			there |= UINT64_C(1) << report->sizes[i].nodes[k].node;
	}
	for (uint32_t node = 0; report->allowed_nodes != 0 && node < HOST_MAX_NODES; node++) {
		if ((there & ~report->allowed_nodes) >> node & 1)
			paragraph(out, "cpuset", "this process may not use node %" PRIu32, node);
	}
}

int pool_show_text(const struct pool_report *report, FILE *out)
{
	errno = 0;
	if (report->size_count == 0) {
		paragraph(out, "pools", "this kernel has no hugetlb pools, or /sys is not mounted");
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
		paragraph(out, "memory", "%" PRIu64 " MiB available: what pools could still grow by at most",
			  report->memory_available_bytes / MIB);
	paragraph(out, "next", "minivmm pool plan -m 1G --page-size 2M tells what a run would need");
	if (fflush(out) != 0 || ferror(out))
		return errno != 0 ? -errno : -EIO;
	return 0;
}
