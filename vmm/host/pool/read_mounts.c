/*
 * Where hugetlbfs is mounted, and with which page size.
 */
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include "units.h"
#include "vmm/host/mounts.h"
#include "vmm/host/pool/read.h"

struct collector {
	struct pool_report *report;
	bool real; /* the paths are those of this host: the file system itself can be asked */
};

/*
 * The kernel prints pagesize= since Linux 4.12; before that only the file system tells (statfs: f_bsize is the huge
 * page size of a hugetlbfs).
 */
static uint64_t page_of(const struct host_mount *m, bool real)
{
	struct statfs fs;
	uint64_t bytes;

	if (mount_option_size(m->options, "pagesize", &bytes) == 0)
		return bytes;
	if (real && statfs(m->path, &fs) == 0 && fs.f_bsize > 0)
		return (uint64_t)fs.f_bsize;
	return 0;
}

static bool collect(const struct host_mount *m, void *arg)
{
	struct collector *c = arg;
	struct pool_mount *out = &c->report->mounts[c->report->mount_count];

	if (strcmp(m->type, "hugetlbfs") != 0)
		return true;
	/* A path that does not fit would name another place. */
	if (strlen(m->path) >= sizeof(out->path))
		return true;
	(void)snprintf(out->path, sizeof(out->path), "%s", m->path);
	(void)snprintf(out->options, sizeof(out->options), "%s", m->options);
	out->page_bytes = page_of(m, c->real);
	c->report->mount_count++;
	return c->report->mount_count < POOL_MAX_MOUNTS;
}

void pool_read_mounts(const char *root, struct pool_report *report)
{
	struct collector c = { .report = report, .real = root[0] == '\0' };

	/* Unreadable: no mounts are known, which is what the caller is promised. */
	(void)mounts_each(root, collect, &c);
}
