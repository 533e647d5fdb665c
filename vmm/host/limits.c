#include "vmm/host/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "units.h"
#include "vmm/host/cgroup.h"
#include "vmm/host/meminfo.h"
#include "vmm/host/sysfile.h"
#include "vmm/util/array.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"

#define LIMITS_MAX_BYTES ((size_t)64 << 10)
#define VALUE_BYTES 64
#define STAT_BYTES 4096
/* Of a path in a reason. */
#define TOLD_BYTES 120

/* v1 says "no limit" with the largest page counter it has, which is a little below 2^63. */
#define NO_LIMIT (UINT64_C(1) << 62)

/* A name with the page size in place of %s. */
#define NAME_BYTES 64

/* The files of one limited resource (Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/). NULL: that version has none. */
struct group_limit {
	const char *controller;
	const char *v2_limit, *v2_used, *v1_limit, *v1_used;
};

static const struct group_limit group_limits[] = {
	[LIMIT_MEMORY] = { "memory", "memory.max", "memory.current", "memory.limit_in_bytes",
			   "memory.usage_in_bytes" },
	[LIMIT_MEMORY_HIGH] = { "memory", "memory.high", "memory.current", NULL, NULL },
	[LIMIT_SWAP] = { "memory", "memory.swap.max", "memory.swap.current", NULL, NULL },
	[LIMIT_MEMORY_SWAP] = { "memory", NULL, NULL, "memory.memsw.limit_in_bytes",
				"memory.memsw.usage_in_bytes" },
	[LIMIT_HUGETLB] = { "hugetlb", "hugetlb.%s.max", "hugetlb.%s.current", "hugetlb.%s.limit_in_bytes",
			    "hugetlb.%s.usage_in_bytes" },
	[LIMIT_HUGETLB_RSVD] = { "hugetlb", "hugetlb.%s.rsvd.max", "hugetlb.%s.rsvd.current",
				 "hugetlb.%s.rsvd.limit_in_bytes", "hugetlb.%s.rsvd.usage_in_bytes" },
	[LIMIT_CPU] = { "cpu", "cpu.max", NULL, "cpu.cfs_quota_us", NULL },
	[LIMIT_TASKS] = { "pids", "pids.max", "pids.current", "pids.max", "pids.current" },
};

/* Lines of proc/self/limits, and of proc/self/status, in KiB, for what is used of them. */
static const struct process_limit {
	const char *name, *used, *command;
} process_limits[] = {
	[LIMIT_TASKS] = { "Max processes", NULL, "ulimit -u" },
	[LIMIT_ADDRESS_SPACE] = { "Max address space", "VmSize:", "ulimit -v" },
	[LIMIT_DATA] = { "Max data size", "VmData:", "ulimit -d" },
	[LIMIT_FILE_SIZE] = { "Max file size", NULL, "ulimit -f" },
};

/* Takes over `path`. Keeps the order of their room. */
static void add(struct limits *limits, char *path, uint64_t limit, uint64_t used)
{
	struct limit new = { path, limit, used };
	uint32_t at;

	if (path == NULL || ARRAY_PUSH(limits->list, limits->count, new) != 0) {
		append_remark(limits->unknown, sizeof(limits->unknown), "no memory for all limits");
		free(path);
		return;
	}
	for (at = limits->count - 1; at > 0 && limit_room(&new) < limit_room(&limits->list[at - 1]); at--)
		limits->list[at] = limits->list[at - 1];
	limits->list[at] = new;
}

static void __attribute__((format(printf, 2, 3))) not_known(struct limits *limits, const char *fmt, ...)
{
	char reason[CGROUP_REASON_BYTES];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	append_remark(limits->unknown, sizeof(limits->unknown), "%s", reason);
}

/* The second number of "20000 100000", or, in v1, the file beside. */
static int read_period(const char *root, const struct cgroup *group, const char *text, uint64_t *period_us)
{
	char value[VALUE_BYTES], *path;
	int ret;

	if (group->v2)
		return number_parse(text, 1, NO_LIMIT, period_us);
	ret = cgroup_value(root, group, "cpu.cfs_period_us", value, sizeof(value), &path);
	free(path);
	return ret < 0 ? ret : number_parse(value, 1, NO_LIMIT, period_us);
}

/*
 * A file's text as a limit. 1: it is *limit; 0: it says that there is none; -EINVAL: neither. v1 spells "none" as a number
 * that no host has, a quota as -1.
 */
static int parse_limit(const char *root, const struct cgroup *group, enum limit_kind kind, char *text,
		       uint64_t *limit)
{
	char *second = text + strcspn(text, " ");
	uint64_t period_us;

	if (kind == LIMIT_CPU && *second != '\0')
		*second++ = '\0';
	if (strcmp(text, "max") == 0 || strcmp(text, "-1") == 0)
		return 0;
	if (number_parse(text, 0, UINT64_MAX, limit) != 0)
		return -EINVAL;
	if (kind == LIMIT_CPU && (read_period(root, group, second, &period_us) != 0 ||
				  !checked_mul(*limit, UINT64_C(1000), limit)))
		return -EINVAL;
	if (kind == LIMIT_CPU)
		*limit /= period_us;
	return *limit < NO_LIMIT;
}

/* File pages that the kernel takes back before it lets a group go short; v1 has those of the groups below apart. */
static uint64_t reclaimable(const char *root, const struct cgroup *group)
{
	static const char *const keys[2][2] = { { "total_active_file", "total_inactive_file" },
						{ "active_file", "inactive_file" } };
	uint64_t sum = 0, part;

	for (size_t i = 0; i < 2; i++) {
		if (cgroup_keyed(root, group, "memory.stat", keys[group->v2][i], &part) == 0)
			sum += part;
	}
	return sum;
}

/* 0, and a reason in `limits`, where it cannot be read: then at least what exceeds the whole limit is known. */
static uint64_t read_used(const char *root, const struct cgroup *group, enum limit_kind kind,
			  const char *file, struct limits *limits)
{
	char value[VALUE_BYTES], *path;
	uint64_t used = 0;

	if (file == NULL)
		return 0;
	if (cgroup_value(root, group, file, value, sizeof(value), &path) < 0 ||
	    number_parse(value, 0, UINT64_MAX, &used) != 0) {
		used = 0;
		not_known(limits, "%s cannot be read", path == NULL ? file : path_tail(path, TOLD_BYTES));
	}
	free(path);
	if (kind == LIMIT_MEMORY)
		used -= min_u64(used, reclaimable(root, group));
	return used;
}

/* The limit that one group has. */
static void add_of_group(const char *root, const struct cgroup *group, enum limit_kind kind,
			 const char *limit_file, const char *used_file, struct limits *limits)
{
	char value[VALUE_BYTES], *path;
	uint64_t limit;
	int ret = cgroup_value(root, group, limit_file, value, sizeof(value), &path);
	char *shown = path;

	if (ret == -ENOENT) {
		/* The root of a hierarchy has none, nor has a kernel built without it, nor a v2 group whose controller is off. */
		free(path);
		return;
	}
	if (ret < 0 || path == NULL) {
		not_known(limits, "%s: %s", path == NULL ? limit_file : path_tail(path, TOLD_BYTES),
			  ret == -ENOTDIR ? "this process's control group is not there" : strerror(-ret));
		free(path);
		return;
	}
	ret = parse_limit(root, group, kind, value, &limit);
	if (ret > 0) {
		shown = NULL;
		add(limits, path, limit, read_used(root, group, kind, used_file, limits));
	} else if (ret < 0) {
		not_known(limits, "%s says \"%.40s\"", path_tail(path, TOLD_BYTES), value);
	}
	free(shown);
}

/*
 * v1 tells the tightest limit of all groups above, those too that a container does not see. False: not even that; limits are
 * hidden then as those of other kinds are.
 */
static bool add_hierarchical(const char *root, const struct cgroup *group, struct limits *limits)
{
	uint64_t limit, used;
	char *path;

	if (cgroup_keyed(root, group, "memory.stat", "hierarchical_memory_limit", &limit) != 0)
		return false;
	if (limit >= NO_LIMIT)
		return true;
	used = read_used(root, group, LIMIT_MEMORY, "memory.usage_in_bytes", limits);
	if (limits->count != 0 && limits_room(limits) <= limit - min_u64(limit, used))
		return true;
	if (asprintf(&path, "/%s/memory.stat (hierarchical_memory_limit)", group->dir) < 0)
		path = NULL;
	add(limits, path, limit, used);
	return true;
}

/*
 * Is what is seen as the root of the hierarchy another group? A part of it is mounted; or a cgroup namespace shows it so: then a
 * v2 group has a type, which the root has not, and the namespace is not the first, whose number is fixed (PROC_CGROUP_INIT_INO).
 */
static bool hides_others(const char *root, const struct cgroup *top)
{
	char text[VALUE_BYTES], *file;
	bool typed;

	if (top->hidden)
		return true;
	if (top->v2) {
		typed = cgroup_value(root, top, "cgroup.type", text, sizeof(text), &file) >= 0;
		free(file);
		return typed;
	}
	return sysfile_link(root, "proc/self/ns/cgroup", text, sizeof(text)) >= 0 &&
	       strcmp(text, "cgroup:[4026531835]") != 0;
}

static void add_of_groups(const char *root, enum limit_kind kind, const char *const names[4],
			  struct limits *limits)
{
	char why[CGROUP_REASON_BYTES];
	struct cgroup group;
	enum known found = cgroup_find(root, group_limits[kind].controller, &group, why);
	const char *limit_file, *used_file;

	if (found == KNOWN_UNKNOWN)
		not_known(limits, "%s", why);
	if (found != KNOWN_YES)
		return;
	limit_file = names[group.v2 ? 0 : 2];
	used_file = names[group.v2 ? 1 : 3];
	if (limit_file != NULL) {
		do
			add_of_group(root, &group, kind, limit_file, used_file, limits);
		while (cgroup_up(&group));
		if (kind != LIMIT_MEMORY || group.v2 || !add_hierarchical(root, &group, limits))
			limits->hidden |= hides_others(root, &group);
	}
	if (kind == LIMIT_HUGETLB && group.counts_hugetlb)
		limits_add(root, LIMIT_MEMORY, 0, limits);
	cgroup_free(&group);
}

static void add_group_kind(const char *root, enum limit_kind kind, uint64_t page_bytes, struct limits *limits)
{
	const struct group_limit *of = &group_limits[kind];
	const char *templates[4] = { of->v2_limit, of->v2_used, of->v1_limit, of->v1_used },
		   *names[4] = { 0 };
	char filled[4][NAME_BYTES], size[16];

	if (page_bytes >= GIB)
		(void)snprintf(size, sizeof(size), "%" PRIu32 "GB", (uint32_t)(page_bytes / GIB));
	else if (page_bytes >= MIB)
		(void)snprintf(size, sizeof(size), "%" PRIu32 "MB", (uint32_t)(page_bytes / MIB));
	else
		(void)snprintf(size, sizeof(size), "%" PRIu32 "KB", (uint32_t)(page_bytes / KIB));
	for (size_t i = 0; i < 4; i++) {
		const char *mark = templates[i] == NULL ? NULL : strstr(templates[i], "%s");

		names[i] = templates[i];
		if (mark == NULL)
			continue;
		(void)snprintf(filled[i], NAME_BYTES, "%.*s%s%s", (int)(mark - templates[i]), templates[i],
			       size, mark + 2);
		names[i] = filled[i];
	}
	add_of_groups(root, kind, names, limits);
}

/* The number in KiB behind `key` at the start of a line of proc/self/status, in bytes; 0: not told. */
static uint64_t status_bytes(const char *root, const char *key)
{
	char *text, *at;
	uint64_t kib = 0;

	if (sysfile_slurp(root, "proc/self/status", LIMITS_MAX_BYTES, &text) != 0)
		return 0;
	at = strstr(text, key);
	if (at != NULL) {
		const char *digits = at + strlen(key) + strspn(at + strlen(key), " \t");

		/* 0 where it is no number. */
		(void)digits_parse(&digits, digits + strcspn(digits, " \n"), &kib);
	}
	free(text);
	return kib * KIB;
}

/* "Max data size             unlimited            unlimited            bytes": the soft limit is the first. */
static void add_of_process(const char *root, const struct process_limit *of, struct limits *limits)
{
	char *text, *at, *end, *path = NULL;
	uint64_t limit;
	int ret = sysfile_slurp(root, "proc/self/limits", LIMITS_MAX_BYTES, &text);

	if (ret != 0) {
		/* A fixture need not have it; on a host it is there since Linux 2.6.24. */
		if (ret != -ENOENT || *root == '\0')
			not_known(limits, "/proc/self/limits: %s", strerror(-ret));
		return;
	}
	at = strstr(text, of->name);
	if (at == NULL) {
		not_known(limits, "/proc/self/limits has no \"%s\"", of->name);
	} else {
		at += strlen(of->name);
		at += strspn(at, " \t");
		end = at + strcspn(at, " \t\n");
		*end = '\0';
		if (number_parse(at, 0, UINT64_MAX, &limit) == 0) {
			path = strdup(of->command);
			add(limits, path, limit, of->used == NULL ? 0 : status_bytes(root, of->used));
		} else if (strcmp(at, "unlimited") != 0) {
			not_known(limits, "/proc/self/limits: \"%s\" is \"%.40s\"", of->name, at);
		}
	}
	free(text);
}

/* Documentation/mm/overcommit-accounting.rst. */
static void add_commit(const char *root, struct limits *limits)
{
	char text[8192];
	uint64_t mode, limit, used;

	/* A kernel that does not tell has the default, which refuses only what is obviously too much. */
	if (sysfile_u64(root, "proc/sys/vm/overcommit_memory", &mode) != 0 || mode != 2)
		return;
	if (sysfile_read(root, "proc/meminfo", text, sizeof(text)) < 0 ||
	    meminfo_parse(text, "CommitLimit", &limit) != 0 ||
	    meminfo_parse(text, "Committed_AS", &used) != 0) {
		not_known(limits, "/proc/meminfo tells no CommitLimit, and vm.overcommit_memory is 2");
		return;
	}
	add(limits, strdup("CommitLimit of /proc/meminfo (vm.overcommit_memory=2)"), limit, used);
}

uint64_t limit_room(const struct limit *limit)
{
	return limit->limit - min_u64(limit->used, limit->limit);
}

uint64_t limits_room(const struct limits *limits)
{
	return limits->count == 0 ? UINT64_MAX : limit_room(&limits->list[0]);
}

void limits_add(const char *root, enum limit_kind kind, uint64_t page_bytes, struct limits *limits)
{
	if (kind < COUNT_OF(group_limits) && group_limits[kind].controller != NULL)
		add_group_kind(root, kind, page_bytes, limits);
	/* RLIMIT_NPROC does not hold for root (copy_process). */
	if (kind < COUNT_OF(process_limits) && process_limits[kind].name != NULL &&
	    (kind != LIMIT_TASKS || geteuid() != 0))
		add_of_process(root, &process_limits[kind], limits);
	if (kind == LIMIT_COMMIT)
		add_commit(root, limits);
}

void limits_add_memory(const char *root, struct limits *limits)
{
	limits_add(root, LIMIT_MEMORY, 0, limits);
	limits_add(root, LIMIT_ADDRESS_SPACE, 0, limits);
	limits_add(root, LIMIT_DATA, 0, limits);
	limits_add(root, LIMIT_COMMIT, 0, limits);
}

void limits_free(struct limits *limits)
{
	for (uint32_t i = 0; i < limits->count; i++)
		free(limits->list[i].path);
	free(limits->list);
	memset(limits, 0, sizeof(*limits));
}

int64_t limits_oom_kills(const char *root)
{
	static const char *const name = "oom_kill";
	char why[CGROUP_REASON_BYTES];
	struct cgroup group;
	uint64_t kills;
	int64_t count = -1;

	if (cgroup_find(root, "memory", &group, why) == KNOWN_YES) {
		if (cgroup_keyed(root, &group, group.v2 ? "memory.events" : "memory.oom_control", name,
				 &kills) == 0)
			count = (int64_t)kills;
		cgroup_free(&group);
	}
	if (count < 0)
		vmstat_read(root, &name, &count, 1);
	return count;
}

/* One group's, whose quota is the file `path`. */
static int64_t throttled_ns(const char *root, const char *path)
{
	char text[STAT_BYTES], *stat;
	int dir = (int)(strrchr(path, '/') - path);
	const char *at;
	uint64_t time;
	int n;

	if (asprintf(&stat, "%.*s/cpu.stat", dir - 1, path + 1) < 0)
		return -1;
	n = sysfile_read(root, stat, text, sizeof(text));
	free(stat);
	at = n < 0 ? NULL : strstr(text, "throttled_");
	if (at == NULL)
		return -1;
	/* "throttled_usec 12" or "throttled_time 12000". */
	n = strncmp(at, "throttled_usec ", 15) == 0 ? 1000 : 1;
	at += strcspn(at, " \n");
	at += *at == ' ';
	if (digits_parse(&at, at + strcspn(at, "\n"), &time) != 0 || time > INT64_MAX / 1000)
		return -1;
	return (int64_t)time * n;
}

int64_t limits_throttled_ns(const char *root, const struct limits *quotas)
{
	int64_t sum = quotas->count == 0 && quotas->unknown[0] != '\0' ? -1 : 0;

	for (uint32_t i = 0; i < quotas->count && sum >= 0; i++) {
		int64_t one = throttled_ns(root, quotas->list[i].path);

		sum = one < 0 ? -1 : sum + one;
	}
	return sum;
}

uint64_t limits_swap_room(const char *root)
{
	struct limits swap = { .count = 0 }, both = { .count = 0 }, memory = { .count = 0 };
	struct host_memory m;
	uint64_t room = 0;

	if (meminfo_read(root, &m) == 0 && m.swap_known)
		room = m.swap_free_bytes;
	if (room != 0) {
		limits_add(root, LIMIT_SWAP, 0, &swap);
		limits_add(root, LIMIT_MEMORY_SWAP, 0, &both);
		limits_add(root, LIMIT_MEMORY, 0, &memory);
		room = min_u64(room, limits_room(&swap));
		if (both.count != 0)
			room = min_u64(room, limits_room(&both) -
						     min_u64(limits_room(&both), limits_room(&memory)));
	}
	limits_free(&swap);
	limits_free(&both);
	limits_free(&memory);
	return room;
}
