/*
 * A host made of small files in a scratch directory, for tests of the pools.
 */
#ifndef TESTS_UNIT_POOL_ROOT_H
#define TESTS_UNIT_POOL_ROOT_H

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/file.h>

#include "host_root.h"
#include "vmm/host/pool/pool.h"

struct pool_root {
	char path[HOST_ROOT_BYTES];
};

static inline void root_make(struct pool_root *r)
{
	host_root_make(r->path);
}

static inline void root_remove(const struct pool_root *r)
{
	host_root_remove(r->path);
}

static inline void __attribute__((format(printf, 3, 4)))
root_put(const struct pool_root *r, const char *path, const char *fmt, ...)
{
	char text[8192];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	host_root_put(r->path, path, text);
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

/* Tests that take pages of the real pools take turns, as test files run beside each other. Until the process ends. */
static inline void pools_take_turns(void)
{
	int fd = open("/sys/kernel/mm/hugepages", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	while (fd >= 0 && flock(fd, LOCK_EX) != 0 && errno == EINTR)
		;
}

/* A reserving mapping of its own, which has nothing yet. */
static inline struct pool_use use_of(uint64_t bytes, uint64_t page_bytes, uint64_t nodes)
{
	return (struct pool_use){ .page_bytes = page_bytes, .bytes = bytes, .nodes = nodes };
}

static inline int plan_make(const struct pool_report *report, uint64_t bytes, uint64_t page_bytes,
			    uint64_t nodes, struct pool_plan *plan, struct error *e)
{
	struct pool_use use = use_of(bytes, page_bytes, nodes);

	return pool_plan_make(report, &use, plan, e);
}

#endif
