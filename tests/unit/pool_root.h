/*
 * A host made of small files in a scratch directory, for tests of the pools.
 */
#ifndef TESTS_UNIT_POOL_ROOT_H
#define TESTS_UNIT_POOL_ROOT_H

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct pool_root {
	char path[64];
};

static inline void root_make(struct pool_root *r)
{
	(void)snprintf(r->path, sizeof(r->path), "/tmp/minivmm-pool-XXXXXX");
	assert_non_null(mkdtemp(r->path));
}

static inline int root_remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static inline void root_remove(const struct pool_root *r)
{
	assert_int_equal(nftw(r->path, root_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* Write a file, whose path is below the root, and the directories it is in. */
static inline void __attribute__((format(printf, 3, 4)))
root_put(const struct pool_root *r, const char *path, const char *fmt, ...)
{
	char full[PATH_MAX];
	va_list args;
	FILE *f;

	(void)snprintf(full, sizeof(full), "%s/%s", r->path, path);
	for (char *slash = strchr(full + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(full, 0755) != 0)
			assert_int_equal(errno, EEXIST);
		*slash = '/';
	}
	f = fopen(full, "w");
	assert_non_null(f);
	va_start(args, fmt);
	(void)vfprintf(f, fmt, args);
	va_end(args);
	assert_int_equal(fclose(f), 0);
}

/* The counts of a pool; node < 0: of all nodes together. */
static inline void root_put_pool(const struct pool_root *r, int node, uint64_t page_bytes, uint64_t total,
				 uint64_t free_pages, uint64_t reserved, uint64_t surplus)
{
	char dir[160], path[224];
	uint64_t kib = page_bytes / 1024;

	if (node < 0)
		(void)snprintf(dir, sizeof(dir), "sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB", kib);
	else
		(void)snprintf(dir, sizeof(dir),
			       "sys/devices/system/node/node%d/hugepages/hugepages-%" PRIu64 "kB", node, kib);
	(void)snprintf(path, sizeof(path), "%s/nr_hugepages", dir);
	root_put(r, path, "%" PRIu64 "\n", total);
	(void)snprintf(path, sizeof(path), "%s/free_hugepages", dir);
	root_put(r, path, "%" PRIu64 "\n", free_pages);
	(void)snprintf(path, sizeof(path), "%s/surplus_hugepages", dir);
	root_put(r, path, "%" PRIu64 "\n", surplus);
	if (node >= 0)
		return;
	(void)snprintf(path, sizeof(path), "%s/resv_hugepages", dir);
	root_put(r, path, "%" PRIu64 "\n", reserved);
}

#endif
