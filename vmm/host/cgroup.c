#include "vmm/host/cgroup.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "units.h"
#include "vmm/host/sysfile.h"
#include "vmm/util/text.h"

#define TEXT_BYTES 16384

/* v1 says "no limit" with the largest page counter it has, which is a little below 2^63. */
#define NO_LIMIT_BYTES (UINT64_C(1) << 62)

/* The path of this process's group in the v1 hierarchy of `controller`; NULL: in the v2 hierarchy. */
static bool own_group(const char *root, const char *controller, char *path, size_t size)
{
	char text[TEXT_BYTES];
	char *save = NULL;

	if (sysfile_read(root, "proc/self/cgroup", text, sizeof(text)) < 0)
		return false;
	for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		char *names = strchr(line, ':');
		char *group = names == NULL ? NULL : strchr(names + 1, ':');
		int n;

		if (group == NULL)
			continue;
		*group++ = '\0';
		names++;
		if (controller == NULL ? *names != '\0' : !list_has_word(names, ",", controller))
			continue;
		n = snprintf(path, size, "%s", group);
		return n >= 0 && (size_t)n < size;
	}
	return false;
}

struct mount_search {
	const char *controller;
	char *path;
	size_t size;
	bool found;
};

static bool is_hierarchy(const struct host_mount *m, void *arg)
{
	struct mount_search *s = arg;
	int n;

	if (strcmp(m->type, s->controller == NULL ? "cgroup2" : "cgroup") != 0 ||
	    (s->controller != NULL && !list_has_word(m->options, ",", s->controller)))
		return true;
	n = snprintf(s->path, s->size, "%s", m->path + (*m->path == '/'));
	s->found = n >= 0 && (size_t)n < s->size;
	return false;
}

/* Where that hierarchy is mounted, without the leading slash. */
static bool mount_point(const char *root, const char *controller, char *path, size_t size)
{
	struct mount_search s = { .controller = controller, .path = path, .size = size };

	return mounts_each(root, is_hierarchy, &s) == 0 && s.found;
}

/* The files of one limited resource (Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/hugetlb.rst). */
struct resource {
	const char *controller;
	const char *v2_limit, *v2_used, *v1_limit, *v1_used;
};

/* Visit the limit that the two files in `dir` hold, if there is one. */
static void consider(const char *root, const char *dir, const char *limit_file, const char *used_file,
		     cgroup_visit visit, void *arg)
{
	struct cgroup_limit found = { 0 };
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, used_file);
	/* 0 where it cannot be read. */
	(void)sysfile_u64(root, path, &found.used_bytes);
	(void)snprintf(path, sizeof(path), "%s/%s", dir, limit_file);
	/* "max" is not a number: no limit. */
	if (sysfile_u64(root, path, &found.limit_bytes) != 0 || found.limit_bytes >= NO_LIMIT_BYTES)
		return;
	found.path[0] = '/';
	append(found.path, sizeof(found.path), "%s", path);
	visit(&found, arg);
}

static void walk_up(const char *root, const char *controller, const char *limit_file, const char *used_file,
		    cgroup_visit visit, void *arg)
{
	char group[256], mount[128], dir[sizeof(group) + sizeof(mount)];

	if (!own_group(root, controller, group, sizeof(group)) ||
	    !mount_point(root, controller, mount, sizeof(mount)))
		return;
	/* The path of a group outside the root of this cgroup namespace has "..", and its files are not visible. */
	if (strstr(group, "..") != NULL)
		return;
	for (;;) {
		char *slash = strrchr(group, '/');

		(void)snprintf(dir, sizeof(dir), "%s%s", mount, strcmp(group, "/") == 0 ? "" : group);
		consider(root, dir, limit_file, used_file, visit, arg);
		if (slash == NULL || group[0] == '\0' || strcmp(group, "/") == 0)
			return;
		*slash = '\0';
	}
}

uint64_t cgroup_room(const struct cgroup_limit *limit)
{
	if (limit->path[0] == '\0')
		return UINT64_MAX;
	return limit->limit_bytes - min_u64(limit->used_bytes, limit->limit_bytes);
}

static void visit_limits(const char *root, const struct resource *resource, cgroup_visit visit, void *arg)
{
	walk_up(root, resource->controller, resource->v1_limit, resource->v1_used, visit, arg);
	walk_up(root, NULL, resource->v2_limit, resource->v2_used, visit, arg);
}

static void keep_tighter(const struct cgroup_limit *limit, void *arg)
{
	struct cgroup_limit *out = arg;

	if (cgroup_room(limit) < cgroup_room(out))
		*out = *limit;
}

void cgroup_each_hugetlb(const char *root, uint64_t page_bytes, bool reserved, cgroup_visit visit, void *arg)
{
	static const char *const suffixes[4] = { "max", "current", "limit_in_bytes", "usage_in_bytes" };
	char names[4][48], size[16];
	const struct resource resource = { "hugetlb", names[0], names[1], names[2], names[3] };

	if (page_bytes >= GIB)
		(void)snprintf(size, sizeof(size), "%" PRIu32 "GB", (uint32_t)(page_bytes / GIB));
	else if (page_bytes >= MIB)
		(void)snprintf(size, sizeof(size), "%" PRIu32 "MB", (uint32_t)(page_bytes / MIB));
	else
		(void)snprintf(size, sizeof(size), "%" PRIu32 "KB", (uint32_t)(page_bytes / KIB));
	for (size_t i = 0; i < 4; i++)
		(void)snprintf(names[i], sizeof(names[i]), "hugetlb.%s.%s%s", size, reserved ? "rsvd." : "",
			       suffixes[i]);
	visit_limits(root, &resource, visit, arg);
}

void cgroup_memory_limit(const char *root, struct cgroup_limit *out)
{
	static const struct resource memory = { "memory", "memory.max", "memory.current",
						"memory.limit_in_bytes", "memory.usage_in_bytes" };

	memset(out, 0, sizeof(*out));
	visit_limits(root, &memory, keep_tighter, out);
}
