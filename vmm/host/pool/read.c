/*
 * The report: page sizes, their counts, nodes, limits and mounts, and what this process could get of them.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#include "units.h"
#include "vmm/host/meminfo.h"
#include "vmm/host/sysfile.h"
#include "vmm/host/pool/pool.h"
#include "vmm/util/array.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"

#define MEMORY_DIR "sys/kernel/mm"
#define POOLS_DIR MEMORY_DIR "/hugepages"
/* A kernel without cpusets lists every node number that it supports. */
#define MAX_NODE_NUMBERS 1024

/*
 * One count of the pool of that page size, of the host (`dir` is "sys/kernel/mm") or of a node. 0 or -errno: -ERANGE where the
 * kernel counted below zero, as it does of resv_hugepages after another process has truncated a mapped file (seen in 6.18).
 */
static int count_read(const char *root, const char *dir, uint64_t page_bytes, const char *file,
		      uint64_t *pages)
{
	char path[160];
	int ret;

	(void)snprintf(path, sizeof(path), "%s/hugepages/hugepages-%" PRIu64 "kB/%s", dir, page_bytes / KIB,
		       file);
	ret = sysfile_u64(root, path, pages);
	if (ret != 0 || *pages <= INT64_MAX)
		return ret;
	*pages = 0;
	return -ERANGE;
}

/*
 * Is it known which pools there are? A container may hide /sys/kernel/mm/hugepages; a kernel without hugetlb has no such
 * folder either, but does not list hugetlbfs among its file systems.
 */
static bool pools_are_shown(const char *root)
{
	char text[4096];

	return sysfile_exists(root, POOLS_DIR) == KNOWN_YES ||
	       (sysfile_read(root, "proc/filesystems", text, sizeof(text)) > 0 &&
		!list_has_word(text, " \t\n", "hugetlbfs"));
}

int pool_read(const char *root, uint64_t page_bytes, struct pool_counts *out)
{
	int ret;

	memset(out, 0, sizeof(*out));
	ret = count_read(root, MEMORY_DIR, page_bytes, "nr_hugepages", &out->total);
	if (ret == 0)
		ret = count_read(root, MEMORY_DIR, page_bytes, "free_hugepages", &out->free);
	if (ret == 0)
		ret = count_read(root, MEMORY_DIR, page_bytes, "resv_hugepages", &out->reserved);
	if (ret == 0)
		ret = count_read(root, MEMORY_DIR, page_bytes, "surplus_hugepages", &out->surplus);
	if (ret != 0)
		memset(out, 0, sizeof(*out));
	return ret == -ENOENT && !pools_are_shown(root) ? -ENODATA : ret;
}

/* The page size in a directory's name "hugepages-2048kB", 0 for any other name. */
static uint64_t size_of_name(const char *name)
{
	static const char prefix[] = "hugepages-";
	const char *digits = name + sizeof(prefix) - 1;
	uint64_t kib, bytes;

	if (strncmp(name, prefix, sizeof(prefix) - 1) != 0 ||
	    digits_parse(&digits, digits + strlen(digits), &kib) != 0 || strcmp(digits, "kB") != 0)
		return 0;
	return checked_mul(kib, KIB, &bytes) ? bytes : 0;
}

static int by_size(const void *a, const void *b)
{
	const struct pool_size *x = a, *y = b;

	return x->page_bytes < y->page_bytes ? -1 : x->page_bytes > y->page_bytes;
}

/* Keep of the first failure what it was. What is not there is none. */
static void note_unread(struct pool_report *report, int ret, const char *path)
{
	if (ret >= 0 || ret == -ENOENT || ret == -ENODATA || report->unread_err != 0)
		return;
	report->unread_err = -ret;
	append(report->unread, sizeof(report->unread), "/%s", path);
}

int pool_report_check(const struct pool_report *report, struct error *e)
{
	if (report->unread_err == 0)
		return 0;
	return error_set(e, STATUS_FAILED, report->unread_err, report->unread,
			 "cannot be read, so how many huge pages there are is not known");
}

/* Every page size that this kernel has a pool of, the smallest first. */
static void find_sizes(const char *root, struct pool_report *report)
{
	DIR *dir = sysfile_directory(root, POOLS_DIR);
	struct dirent *entry;

	if (dir == NULL) {
		note_unread(report, -errno, POOLS_DIR);
		return;
	}
	while (errno = 0, (entry = readdir(dir)) != NULL) {
		struct pool_size size = { .page_bytes = size_of_name(entry->d_name) };

		if (size.page_bytes != 0 && ARRAY_PUSH(report->sizes, report->size_count, size) != 0) {
			errno = ENOMEM;
			break;
		}
	}
	note_unread(report, -errno, POOLS_DIR);
	(void)closedir(dir);
	if (report->size_count > 0)
		qsort(report->sizes, report->size_count, sizeof(report->sizes[0]), by_size);
}

static void read_nodes(const char *root, struct pool_report *report, struct pool_size *size)
{
	char dir[64];
	int ret;

	for (uint32_t node = 0; node < HOST_MAX_NODES; node++) {
		struct pool_node *out = &size->nodes[size->node_count];

		(void)snprintf(dir, sizeof(dir), "sys/devices/system/node/node%" PRIu32, node);
		ret = count_read(root, dir, size->page_bytes, "nr_hugepages", &out->total);
		if (ret == 0)
			ret = count_read(root, dir, size->page_bytes, "free_hugepages", &out->free);
		note_unread(report, ret, dir);
		if (ret != 0)
			continue;
		note_unread(report,
			    count_read(root, dir, size->page_bytes, "surplus_hugepages", &out->surplus), dir);
		out->spare_bytes = meminfo_node_spare(root, node);
		out->node = node;
		size->node_count++;
	}
}

static uint32_t nodes_beyond(const char *root)
{
	uint16_t nodes[MAX_NODE_NUMBERS];
	char list[8 * MAX_NODE_NUMBERS];
	uint32_t beyond = 0;
	int count = 0;

	if (sysfile_value(root, "sys/devices/system/node/online", list, sizeof(list)) > 0)
		count = list_parse(list, MAX_NODE_NUMBERS - 1, nodes, MAX_NODE_NUMBERS);
	for (int i = 0; i < count; i++)
		beyond += nodes[i] >= HOST_MAX_NODES;
	return beyond;
}

/*
 * The kernel makes further pages when a mapping needs them and nr_overcommit_hugepages allows, from ordinary memory
 * (Documentation/admin-guide/mm/hugetlbpage.rst). Where memory is in pieces it may still fail.
 */
static uint64_t on_demand(const struct pool_size *size, uint64_t memory_available_bytes)
{
	uint64_t room = size->overcommit - min_u64(size->overcommit, size->counts.surplus);

	return memory_available_bytes == 0 ? room : min_u64(room, memory_available_bytes / size->page_bytes);
}

static uint64_t available(const struct pool_report *report, const struct pool_size *size)
{
	const struct pool_use use = { .page_bytes = size->page_bytes };
	struct pool_account account;
	uint64_t pages;

	pool_account(report, size, &use, &account);
	if (!checked_add(account.free, account.on_demand, &pages))
		pages = UINT64_MAX;
	return min_u64(pages, account.limit);
}

static void read_limits(const char *root, struct pool_size *size)
{
	size->cgroup_max_bytes = POOL_UNLIMITED;
	size->cgroup_rsvd_max_bytes = POOL_UNLIMITED;
	limits_add(root, LIMIT_HUGETLB, size->page_bytes, &size->limits);
	limits_add(root, LIMIT_HUGETLB_RSVD, size->page_bytes, &size->limits);
	for (uint32_t i = 0; i < size->limits.count; i++) {
		const struct limit *limit = &size->limits.list[i];
		uint64_t *smallest =
			limits_promises(limit) ? &size->cgroup_rsvd_max_bytes : &size->cgroup_max_bytes;

		*smallest = min_u64(*smallest, limit->limit);
	}
}

struct mount_collector {
	struct pool_report *report;
	bool real; /* the paths are those of this host: the file system itself can be asked */
};

/*
 * The kernel prints pagesize= since Linux 4.12; before that only the file system tells (statfs: f_bsize is the huge
 * page size of a hugetlbfs).
 */
static uint64_t mount_page_bytes(const struct host_mount *m, bool real)
{
	struct statfs fs;
	uint64_t bytes;

	if (mount_option_size(m->options, "pagesize", &bytes) == 0)
		return bytes;
	if (real && statfs(m->path, &fs) == 0 && fs.f_bsize > 0)
		return (uint64_t)fs.f_bsize;
	return 0;
}

static bool collect_mount(const struct host_mount *m, void *arg)
{
	struct mount_collector *c = arg;
	struct pool_mount mount;

	if (strcmp(m->type, "hugetlbfs") != 0)
		return true;
	mount = (struct pool_mount){ strdup(m->path), strdup(m->options), mount_page_bytes(m, c->real), 0 };
	(void)mount_option_size(m->options, "min_size", &mount.held_bytes);
	if (mount.path != NULL && mount.options != NULL &&
	    ARRAY_PUSH(c->report->mounts, c->report->mount_count, mount) == 0)
		return true;
	free(mount.path);
	free(mount.options);
	note_unread(c->report, -ENOMEM, "proc/self/mounts");
	return false;
}

static void read_mounts(const char *root, struct pool_report *report)
{
	struct mount_collector c = { .report = report, .real = root[0] == '\0' };

	report->mounts_known = mounts_each(root, collect_mount, &c) == 0;
}

void pool_report_read(const char *root, struct pool_report *report)
{
	struct host_memory memory;
	struct pool_counts unseen;

	pool_report_free(report);
	note_unread(report, meminfo_read(root, &memory), "proc/meminfo");
	report->memory_available_bytes = memory.available_bytes;
	report->spare_bytes = meminfo_spare(&memory);
	limits_nodes(root, &report->allowed);
	report->nodes_beyond = nodes_beyond(root);
	find_sizes(root, report);
	for (uint32_t i = 0; i < report->size_count; i++) {
		struct pool_size *size = &report->sizes[i];

		size->is_default = size->page_bytes == memory.default_huge_bytes;
		note_unread(report, pool_read(root, size->page_bytes, &size->counts), POOLS_DIR);
		note_unread(report,
			    count_read(root, MEMORY_DIR, size->page_bytes, "nr_overcommit_hugepages",
				       &size->overcommit),
			    POOLS_DIR);
		read_nodes(root, report, size);
		read_limits(root, size);
		size->on_demand_pages = on_demand(size, report->memory_available_bytes);
		size->available_pages = available(report, size);
	}
	report->sizes_hidden = report->size_count == 0 && pool_read(root, PAGE_2M, &unseen) == -ENODATA;
	read_mounts(root, report);
}

void pool_report_free(struct pool_report *report)
{
	for (uint32_t i = 0; i < report->mount_count; i++) {
		free(report->mounts[i].path);
		free(report->mounts[i].options);
	}
	for (uint32_t i = 0; i < report->size_count; i++)
		limits_free(&report->sizes[i].limits);
	free(report->mounts);
	free(report->sizes);
	memset(report, 0, sizeof(*report));
}

const struct pool_size *pool_report_size(const struct pool_report *report, uint64_t page_bytes)
{
	for (uint32_t i = 0; i < report->size_count; i++) {
		if (report->sizes[i].page_bytes == page_bytes)
			return &report->sizes[i];
	}
	return NULL;
}
