/*
 * Property: a limit is found in whichever control group, hierarchy and mount it stands, and where it may stand and cannot be
 * read, the answer is "unknown", never "none". It could break at each of the many ways in which a container shows its groups:
 * a part of the hierarchy mounted in place of the whole, two hierarchies at once, paths longer than any buffer.
 */
#include <sys/resource.h>

#include "test.h"
#include "host_root.h"
#include "units.h"
#include "vmm/host/limits.h"

#define V2 "30 20 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
#define V1_MEMORY "31 20 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"

/* What the files of a root say, and the answer. "PATH=TEXT" of up to six files beside proc/self/{status,cgroup,mountinfo}. */
struct limit_case {
	const char *groups, *mountinfo; /* NULL: there is no such file */
	const char *files[6];
	enum limit_kind kind;
	uint32_t count;
	uint64_t room;
	const char *path, *unknown; /* part of the tightest's and of the reason; NULL: there is none */
	bool hidden;
};

static const struct limit_case cases[] = {
	/* v2: own group, the one above, "max", a controller that is off. */
	{ "0::/a/b\n",
	  V2,
	  { "sys/fs/cgroup/a/b/memory.max=max\n", "sys/fs/cgroup/a/memory.max=1000\n",
	    "sys/fs/cgroup/a/memory.current=400\n" },
	  LIMIT_MEMORY,
	  1,
	  600,
	  "/sys/fs/cgroup/a/memory.max",
	  NULL,
	  false },
	{ "0::/a\n",
	  V2,
	  { "sys/fs/cgroup/a/cgroup.procs=1\n" },
	  LIMIT_MEMORY,
	  0,
	  UINT64_MAX,
	  NULL,
	  NULL,
	  false },
	{ "0::/\n", V2, { NULL }, LIMIT_MEMORY, 0, UINT64_MAX, NULL, NULL, false },
	/* File pages are taken back before a group goes short; more used than allowed leaves nothing. */
	{ "0::/a\n",
	  V2,
	  { "sys/fs/cgroup/a/memory.max=1000\n", "sys/fs/cgroup/a/memory.current=900\n",
	    "sys/fs/cgroup/a/memory.stat=anon 100\nfile 800\ninactive_file 500\nactive_file 200\n" },
	  LIMIT_MEMORY,
	  1,
	  800,
	  "a/memory.max",
	  NULL,
	  false },
	{ "0::/a\n",
	  V2,
	  { "sys/fs/cgroup/a/memory.max=1000\n", "sys/fs/cgroup/a/memory.current=9000\n" },
	  LIMIT_MEMORY,
	  1,
	  0,
	  "a/memory.max",
	  NULL,
	  false },
	/* v1: its own "none"; total_ is with the groups below. */
	{ "4:memory:/lab\n0::/x\n",
	  V1_MEMORY V2,
	  { "sys/fs/cgroup/memory/lab/memory.limit_in_bytes=9223372036854771712\n",
	    "sys/fs/cgroup/memory/memory.limit_in_bytes=9223372036854771712\n" },
	  LIMIT_MEMORY,
	  0,
	  UINT64_MAX,
	  NULL,
	  NULL,
	  false },
	{ "4:memory,hugetlb:/lab\n",
	  V1_MEMORY,
	  { "sys/fs/cgroup/memory/lab/memory.limit_in_bytes=5000\n",
	    "sys/fs/cgroup/memory/lab/memory.usage_in_bytes=3000\n",
	    "sys/fs/cgroup/memory/lab/memory.stat=inactive_file 1\ntotal_inactive_file 1000\n" },
	  LIMIT_MEMORY,
	  1,
	  3000,
	  "memory/lab/memory.limit_in_bytes",
	  NULL,
	  false },
	/* Hybrid: a controller is in one hierarchy. */
	{ "4:memory:/lab\n0::/init.scope\n",
	  V1_MEMORY "32 20 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
	  { "sys/fs/cgroup/memory/lab/memory.limit_in_bytes=5000\n",
	    "sys/fs/cgroup/unified/init.scope/memory.max=1\n" },
	  LIMIT_MEMORY,
	  1,
	  5000,
	  "memory/lab/",
	  NULL,
	  false },
	{ "4:memory:/lab\n0::/init.scope\n",
	  V1_MEMORY "32 20 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
	  { "sys/fs/cgroup/unified/init.scope/pids.max=7\n",
	    "sys/fs/cgroup/unified/init.scope/pids.current=3\n" },
	  LIMIT_TASKS,
	  1,
	  4,
	  "unified/init.scope/pids.max",
	  NULL,
	  false },
	/* Docker with v1: its own group is all that is mounted. v1 tells what the groups above allow. */
	{ "4:memory:/docker/abc/sub\n",
	  "40 20 0:27 /docker/abc /sys/fs/cgroup/memory ro,nosuid master:9 - cgroup cgroup rw,memory\n",
	  { "sys/fs/cgroup/memory/memory.limit_in_bytes=8192\n", "sys/fs/cgroup/memory/sub/tasks=1\n" },
	  LIMIT_MEMORY,
	  1,
	  8192,
	  "/sys/fs/cgroup/memory/memory.limit_in_bytes",
	  NULL,
	  true },
	{ "4:memory:/docker/abc\n",
	  "40 20 0:27 /docker/abc /sys/fs/cgroup/memory ro,nosuid master:9 - cgroup cgroup rw,memory\n",
	  { "sys/fs/cgroup/memory/memory.limit_in_bytes=9223372036854771712\n",
	    "sys/fs/cgroup/memory/memory.stat=cache 0\nhierarchical_memory_limit 4096\n" },
	  LIMIT_MEMORY,
	  1,
	  4096,
	  "hierarchical_memory_limit",
	  NULL,
	  false },
	/* In a cgroup namespace the whole of v1 seems to be there; memory tells the limit above all the same. */
	{ "4:memory:/\n",
	  V1_MEMORY,
	  { "sys/fs/cgroup/memory/memory.limit_in_bytes=9223372036854771712\n",
	    "sys/fs/cgroup/memory/memory.stat=hierarchical_memory_limit 4096\n" },
	  LIMIT_MEMORY,
	  1,
	  4096,
	  "hierarchical_memory_limit",
	  NULL,
	  false },
	/* The whole hierarchy is mounted beside: it shows more. */
	{ "4:memory:/docker/abc\n",
	  "40 20 0:27 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
	  "41 20 0:27 / /host/memory ro - cgroup cgroup rw,memory\n",
	  { "host/memory/docker/memory.limit_in_bytes=512\n", "host/memory/docker/abc/tasks=\n" },
	  LIMIT_MEMORY,
	  1,
	  512,
	  "/host/memory/docker/memory.limit_in_bytes",
	  NULL,
	  false },
	/* A cgroup namespace: its root is no root, which has neither type nor limits. */
	{ "0::/\n",
	  V2,
	  { "sys/fs/cgroup/memory.max=4096\n", "sys/fs/cgroup/cgroup.type=domain\n" },
	  LIMIT_MEMORY,
	  1,
	  4096,
	  "/sys/fs/cgroup/memory.max",
	  NULL,
	  true },
	/* Names of groups may have colons, blanks (escaped in mountinfo) and the letters of others. */
	{ "0::/a:b c\n",
	  "30 20 0:26 / /my\\040groups rw - cgroup2 none rw\n",
	  { "my groups/a:b c/memory.max=77\n" },
	  LIMIT_MEMORY,
	  1,
	  77,
	  "/my groups/a:b c/memory.max",
	  NULL,
	  false },
	{ "4:memory:/ab\n",
	  "40 20 0:27 /a /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
	  { NULL },
	  LIMIT_MEMORY,
	  0,
	  UINT64_MAX,
	  NULL,
	  "outside of what is mounted",
	  false },
	/* Unknown, each in another way. */
	{ NULL, V2, { NULL }, LIMIT_MEMORY, 0, UINT64_MAX, NULL, NULL, false },
	{ "", V2, { NULL }, LIMIT_MEMORY, 0, UINT64_MAX, NULL, NULL, false },
	{ "junk\n", V2, { NULL }, LIMIT_MEMORY, 0, UINT64_MAX, NULL, "not understood", false },
	{ "0::/a\n", NULL, { NULL }, LIMIT_MEMORY, 0, UINT64_MAX, NULL, "/proc/self/mountinfo", false },
	{ "0::/a\n", "", { NULL }, LIMIT_MEMORY, 0, UINT64_MAX, NULL, "not mounted here", false },
	{ "4:memory:/a\n0::/\n", V2, { NULL }, LIMIT_MEMORY, 0, UINT64_MAX, NULL, "not mounted here", false },
	{ "0::/a (deleted)\n", V2, { NULL }, LIMIT_MEMORY, 0, UINT64_MAX, NULL, "was removed", false },
	{ "0::/../x\n",
	  V2,
	  { NULL },
	  LIMIT_MEMORY,
	  0,
	  UINT64_MAX,
	  NULL,
	  "outside of what is mounted",
	  false },
	{ "0::/gone\n", V2, { NULL }, LIMIT_MEMORY, 0, UINT64_MAX, NULL, "is not there", false },
	{ "0::/\n",
	  "30 20 0:26 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
	  { "sys/fs/cgroup/memory.max=77\n" },
	  LIMIT_MEMORY,
	  0,
	  UINT64_MAX,
	  NULL,
	  "outside of what is mounted",
	  false },
	/* A sibling in another namespace, which the mount has. */
	{ "0::/../x\n",
	  "30 20 0:26 /.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
	  { "sys/fs/cgroup/x/memory.max=77\n" },
	  LIMIT_MEMORY,
	  1,
	  77,
	  "/sys/fs/cgroup/x/memory.max",
	  NULL,
	  true },
	{ "0::/a\n",
	  V2,
	  { "sys/fs/cgroup/a/memory.max=\n" },
	  LIMIT_MEMORY,
	  0,
	  UINT64_MAX,
	  NULL,
	  "says \"\"",
	  false },
	{ "0::/a\n",
	  V2,
	  { "sys/fs/cgroup/a/memory.max=12 x\n" },
	  LIMIT_MEMORY,
	  0,
	  UINT64_MAX,
	  NULL,
	  "says \"12 x\"",
	  false },
	{ "0::/a\n",
	  V2,
	  { "sys/fs/cgroup/a/memory.max=99999999999999999999999999999999999\n" },
	  LIMIT_MEMORY,
	  0,
	  UINT64_MAX,
	  NULL,
	  "says \"9999",
	  false },
	/* What is unknown of one group does not hide what another says. */
	{ "0::/a/b\n",
	  V2,
	  { "sys/fs/cgroup/a/b/memory.max=?\n", "sys/fs/cgroup/a/memory.max=50\n" },
	  LIMIT_MEMORY,
	  1,
	  50,
	  "a/memory.max",
	  "says \"?\"",
	  false },
	/* A quota, in thousandths of a CPU. */
	{ "0::/a/b\n",
	  V2,
	  { "sys/fs/cgroup/a/b/cpu.max=max 100000\n", "sys/fs/cgroup/a/cpu.max=150000 100000\n" },
	  LIMIT_CPU,
	  1,
	  1500,
	  "a/cpu.max",
	  NULL,
	  false },
	{ "0::/a\n",
	  V2,
	  { "sys/fs/cgroup/a/cpu.max=20000\n" },
	  LIMIT_CPU,
	  0,
	  UINT64_MAX,
	  NULL,
	  "cpu.max says",
	  false },
	{ "0::/a\n",
	  V2,
	  { "sys/fs/cgroup/a/cpu.max=20000 0\n" },
	  LIMIT_CPU,
	  0,
	  UINT64_MAX,
	  NULL,
	  "cpu.max says",
	  false },
	{ "1:cpu,cpuacct:/q\n",
	  "40 20 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n",
	  { "sys/fs/cgroup/cpu,cpuacct/q/cpu.cfs_quota_us=20000\n",
	    "sys/fs/cgroup/cpu,cpuacct/q/cpu.cfs_period_us=100000\n",
	    "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us=-1\n" },
	  LIMIT_CPU,
	  1,
	  200,
	  "q/cpu.cfs_quota_us",
	  NULL,
	  false },
	/* Huge pages, and a mount by which they count as memory. */
	{ "0::/a\n",
	  V2,
	  { "sys/fs/cgroup/a/hugetlb.2MB.max=4194304\n", "sys/fs/cgroup/a/hugetlb.2MB.current=2097152\n",
	    "sys/fs/cgroup/a/memory.max=1000\n" },
	  LIMIT_HUGETLB,
	  1,
	  2097152,
	  "hugetlb.2MB.max",
	  NULL,
	  false },
	{ "0::/a\n",
	  "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 none rw,memory_hugetlb_accounting\n",
	  { "sys/fs/cgroup/a/hugetlb.2MB.max=4194304\n", "sys/fs/cgroup/a/memory.max=1000\n" },
	  LIMIT_HUGETLB,
	  2,
	  1000,
	  "memory.max",
	  NULL,
	  false },
	{ "0::/a\n",
	  V2,
	  { "sys/fs/cgroup/a/hugetlb.2MB.rsvd.max=0\n" },
	  LIMIT_HUGETLB_RSVD,
	  1,
	  0,
	  "rsvd.max",
	  NULL,
	  false },
	/* The process's own. */
	{ NULL,
	  NULL,
	  { "proc/self/limits=Limit     Soft Limit  Hard Limit  Units\nMax address space  10240  unlimited  bytes\n",
	    "proc/self/status=VmSize:\t       4 kB\n" },
	  LIMIT_ADDRESS_SPACE,
	  1,
	  6144,
	  "ulimit -v",
	  NULL,
	  false },
	{ NULL,
	  NULL,
	  { "proc/self/limits=Max data size             unlimited            unlimited            bytes\n" },
	  LIMIT_DATA,
	  0,
	  UINT64_MAX,
	  NULL,
	  NULL,
	  false },
	{ NULL,
	  NULL,
	  { "proc/self/limits=nothing\n" },
	  LIMIT_DATA,
	  0,
	  UINT64_MAX,
	  NULL,
	  "Max data size",
	  false },
	{ NULL,
	  NULL,
	  { "proc/sys/vm/overcommit_memory=2\n", "proc/meminfo=CommitLimit: 100 kB\nCommitted_AS: 40 kB\n" },
	  LIMIT_COMMIT,
	  1,
	  60 * KIB,
	  "CommitLimit",
	  NULL,
	  false },
	{ NULL,
	  NULL,
	  { "proc/sys/vm/overcommit_memory=0\n", "proc/meminfo=CommitLimit: 100 kB\nCommitted_AS: 40 kB\n" },
	  LIMIT_COMMIT,
	  0,
	  UINT64_MAX,
	  NULL,
	  NULL,
	  false },
	{ NULL,
	  NULL,
	  { "proc/sys/vm/overcommit_memory=2\n" },
	  LIMIT_COMMIT,
	  0,
	  UINT64_MAX,
	  NULL,
	  "CommitLimit",
	  false },
};

static char root[HOST_ROOT_BYTES];

/* Beside each limit the kernel tells what is used of it: nothing, where a case does not say. */
static void put_unused(const char *path)
{
	static const char *const pairs[][2] = { { ".max", ".current" },
						{ ".high", ".current" },
						{ ".limit_in_bytes", ".usage_in_bytes" } };
	const char *end = strrchr(path, '.');
	char used[256];

	EACH (i, pairs) {
		if (end == NULL || strcmp(end, pairs[i][0]) != 0)
			continue;
		(void)snprintf(used, sizeof(used), "%.*s%s", (int)(end - path), path, pairs[i][1]);
		host_root_put(root, used, "0\n");
	}
}

static void make_root(const struct limit_case *c)
{
	host_root_make(root);
	host_root_put(root, "proc/self/status", "Name:\tx\n");
	if (c->groups != NULL)
		host_root_put(root, "proc/self/cgroup", c->groups);
	if (c->mountinfo != NULL)
		host_root_put(root, "proc/self/mountinfo", c->mountinfo);
	LOOP (int, real, 0, real < 2, real++) {
		for (size_t i = 0; i < COUNT_OF(c->files) && c->files[i] != NULL; i++) {
			char path[256];
			const char *text = strchr(c->files[i], '=');

			(void)snprintf(path, sizeof(path), "%.*s", (int)(text - c->files[i]), c->files[i]);
			if (real)
				host_root_put(root, path, text + 1);
			else
				put_unused(path);
		}
	}
}

static void assert_has(const char *text, const char *part)
{
	if (part == NULL)
		assert_string_equal(text, "");
	else if (strstr(text, part) == NULL)
		assert_string_equal(text, part);
}

TEST(a_limit_is_a_number_or_none_or_unknown)
{
	EACH (i, cases) {
		const struct limit_case *c = &cases[i];
		struct limits limits = { .count = 0 };

		make_root(c);
		limits_add(root, c->kind, PAGE_2M, &limits);
		host_root_remove(root);
		assert_has(limits.unknown, c->unknown);
		assert_int_equal(limits.count, c->count);
		assert_true(limits_room(&limits) == c->room);
		if (c->path != NULL)
			assert_has(limits.list[0].path, c->path);
		assert_int_equal(limits.hidden, c->hidden);
		limits_free(&limits);
	}
}

/* Against the kernel: what setrlimit sets is found, and what is used of it. */
TEST(limits_of_this_process)
{
	struct rlimit before, set;
	struct limits limits = { .count = 0 };

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	set = (struct rlimit){ .rlim_cur = 8192, .rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &set), 0);
	limits_add("", LIMIT_FILE_SIZE, 0, &limits);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_has(limits.unknown, NULL);
	assert_int_equal(limits.count, 1);
	assert_int_equal(limits_room(&limits), 8192);
	limits_free(&limits);
}

/* A list of mounts that is there and cannot be read is not the other list: that one does not say what of a group is hidden. */
TEST(a_list_that_cannot_be_read)
{
	struct limits limits = { .count = 0 };

	host_root_make(root);
	host_root_put(root, "proc/self/cgroup", "0::/\n");
	host_root_put(root, "proc/self/mounts", "none /g cgroup2 rw 0 0\n");
	limits_add(root, LIMIT_MEMORY, 0, &limits);
	assert_string_equal(limits.unknown, "");
	host_root_put(root, "proc/self/mountinfo/a-directory", "");
	limits_add(root, LIMIT_MEMORY, 0, &limits);
	assert_non_null(strstr(limits.unknown, "/proc/self/mountinfo"));
	limits_free(&limits);
	host_root_remove(root);
}
