#include "vmm/host/cgroup.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "units.h"
#include "vmm/host/sysfile.h"

#define TEXT_BYTES 16384

/* v1 says "no limit" with the largest page counter it has, which is a little below 2^63. */
#define NO_LIMIT_BYTES (UINT64_C(1) << 62)

/* Is `word` one of the comma-separated words of list? */
static bool list_has(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; *p != '\0'; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ',')) {
		if (strcspn(p, ",") == len && strncmp(p, word, len) == 0)
			return true;
	}
	return false;
}

/* Own group's path in the v1 hierarchy of `controller`, or with NULL in the v2 one. */
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
		if (controller == NULL ? *names != '\0' : !list_has(names, controller))
			continue;
		n = snprintf(path, size, "%s", group);
		return n >= 0 && (size_t)n < size;
	}
	return false;
}

/* Where that hierarchy is mounted, without the leading slash. */
static bool mount_point(const char *root, const char *controller, char *path, size_t size)
{
	char text[TEXT_BYTES];
	char *save = NULL;

	if (sysfile_read(root, "proc/self/mounts", text, sizeof(text)) < 0)
		return false;
	for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		char *fields = NULL;
		const char *device = strtok_r(line, " ", &fields);
		const char *where = device == NULL ? NULL : strtok_r(NULL, " ", &fields);
		const char *type = where == NULL ? NULL : strtok_r(NULL, " ", &fields);
		const char *options = type == NULL ? NULL : strtok_r(NULL, " ", &fields);
		int n;

		if (options == NULL || strcmp(type, controller == NULL ? "cgroup2" : "cgroup") != 0)
			continue;
		if (controller != NULL && !list_has(options, controller))
			continue;
		n = snprintf(path, size, "%s", where + (*where == '/'));
		return n >= 0 && (size_t)n < size;
	}
	return false;
}

/* Keep in *out what the two files in `dir` say, where that leaves less room than *out. */
static void consider(const char *root, const char *dir, const char *limit_file, const char *used_file,
		     struct cgroup_limit *out)
{
	char path[512];
	uint64_t limit, used;
	int n = snprintf(path, sizeof(path), "%s/%s", dir, used_file);

	if (n < 0 || (size_t)n >= sizeof(path) || sysfile_u64(root, path, &used) != 0)
		used = 0;
	n = snprintf(path, sizeof(path), "%s/%s", dir, limit_file);
	/* "max" is not a number: no limit. */
	if (n < 0 || (size_t)n >= sizeof(path) || sysfile_u64(root, path, &limit) != 0 ||
	    limit >= NO_LIMIT_BYTES)
		return;
	if (out->path[0] != '\0' &&
	    limit - min_u64(used, limit) >= out->limit_bytes - min_u64(out->used_bytes, out->limit_bytes))
		return;
	out->limit_bytes = limit;
	out->used_bytes = used;
	n = snprintf(out->path, sizeof(out->path), "/%s", path);
	if (n < 0 || (size_t)n >= sizeof(out->path))
		out->path[sizeof(out->path) - 1] = '\0';
}

static void walk_up(const char *root, const char *controller, const char *limit_file, const char *used_file,
		    struct cgroup_limit *out)
{
	char group[256], mount[128], dir[sizeof(group) + sizeof(mount)];

	if (!own_group(root, controller, group, sizeof(group)) ||
	    !mount_point(root, controller, mount, sizeof(mount)))
		return;
	/* A group outside our namespace's root reads "/..": nothing of it can be seen. */
	if (strstr(group, "..") != NULL)
		return;
	for (;;) {
		char *slash = strrchr(group, '/');

		(void)snprintf(dir, sizeof(dir), "%s%s", mount, strcmp(group, "/") == 0 ? "" : group);
		consider(root, dir, limit_file, used_file, out);
		if (slash == NULL || group[0] == '\0' || strcmp(group, "/") == 0)
			return;
		*slash = '\0';
	}
}

void cgroup_tightest(const char *root, const struct cgroup_resource *resource, struct cgroup_limit *out)
{
	memset(out, 0, sizeof(*out));
	walk_up(root, resource->controller, resource->v1_limit, resource->v1_used, out);
	walk_up(root, NULL, resource->v2_limit, resource->v2_used, out);
}

void cgroup_hugetlb_limit(const char *root, uint64_t page_bytes, struct cgroup_limit *out)
{
	char names[8][48], size[16];
	const struct cgroup_resource usage = { "hugetlb", names[0], names[1], names[2], names[3] };
	const struct cgroup_resource reserved = { "hugetlb", names[4], names[5], names[6], names[7] };
	static const char *const suffixes[8] = {
		"max",      "current",      "limit_in_bytes",      "usage_in_bytes",
		"rsvd.max", "rsvd.current", "rsvd.limit_in_bytes", "rsvd.usage_in_bytes",
	};
	struct cgroup_limit other;

	if (page_bytes >= GIB)
		(void)snprintf(size, sizeof(size), "%" PRIu32 "GB", (uint32_t)(page_bytes / GIB));
	else if (page_bytes >= MIB)
		(void)snprintf(size, sizeof(size), "%" PRIu32 "MB", (uint32_t)(page_bytes / MIB));
	else
		(void)snprintf(size, sizeof(size), "%" PRIu32 "KB", (uint32_t)(page_bytes / KIB));
	for (size_t i = 0; i < 8; i++)
		(void)snprintf(names[i], sizeof(names[i]), "hugetlb.%s.%s", size, suffixes[i]);
	cgroup_tightest(root, &usage, out);
	cgroup_tightest(root, &reserved, &other);
	if (other.path[0] != '\0' &&
	    (out->path[0] == '\0' || other.limit_bytes - min_u64(other.used_bytes, other.limit_bytes) <
					     out->limit_bytes - min_u64(out->used_bytes, out->limit_bytes)))
		*out = other;
}

void cgroup_memory_limit(const char *root, struct cgroup_limit *out)
{
	static const struct cgroup_resource memory = { "memory", "memory.max", "memory.current",
						       "memory.limit_in_bytes", "memory.usage_in_bytes" };

	cgroup_tightest(root, &memory, out);
}
