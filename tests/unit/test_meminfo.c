/*
 * Property: what the kernel counts is read from the field of that name, whatever surrounds it, or not known, never 0 by
 * mistake; a difference is only told where both ends are known. It could break because kernels before 6.1 have no
 * SecPageTables, and because names are parts of others (PageTables, pgfault of thp_pgfault, numa_hit of numa_hint_faults).
 */
#include <errno.h>
#include <unistd.h>

#include "test.h"
#include "host_root.h"
#include "units.h"
#include "vmm/host/limits.h"
#include "vmm/host/meminfo.h"
#include "vmm/core/memory/backing.h"

static char root[HOST_ROOT_BYTES];

static int setup(void **state)
{
	(void)state;
	host_root_make(root);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	host_root_remove(root);
	return 0;
}

TEST_WITH(the_line_is_read, setup, teardown)
{
	uint64_t bytes = 0;

	host_root_put(root, "proc/meminfo",
		      "MemTotal:  1000 kB\nPageTables:   12 kB\nSecPageTables:   548 kB\nBounce: 0 kB\n");
	assert_int_equal(meminfo_kvm_tables(root, &bytes), 0);
	assert_int_equal(bytes, 548 * 1024);
	host_root_put(root, "proc/meminfo", "SecPageTables:   0 kB\n");
	assert_int_equal(meminfo_kvm_tables(root, &bytes), 0);
	assert_int_equal(bytes, 0);
}

TEST_WITH(an_older_kernel_does_not_say, setup, teardown)
{
	uint64_t bytes = 7;

	host_root_put(root, "proc/meminfo", "MemTotal:  1000 kB\nPageTables:   12 kB\n");
	assert_int_equal(meminfo_kvm_tables(root, &bytes), -ENOENT);
	assert_int_equal(bytes, 0);
}

TEST_WITH(without_a_file_nothing_is_known, setup, teardown)
{
	uint64_t bytes = 7;

	assert_int_equal(meminfo_kvm_tables(root, &bytes), -ENOENT);
	assert_int_equal(bytes, 0);
	assert_int_equal(meminfo_refresh(root), -ENOENT);
	host_root_put(root, "proc/sys/vm/stat_refresh", "");
	assert_int_equal(meminfo_refresh(root), 0);
}

/* Of 16000 kB, 1000 are the others'. */
TEST_WITH(a_sixteenth_is_left_to_others, setup, teardown)
{
	assert_int_equal(room_to_spare(root), UINT64_MAX);
	host_root_put(root, "proc/meminfo", "MemTotal:  16000 kB\nMemAvailable:   9000 kB\n");
	assert_int_equal(room_to_spare(root), 8000 * 1024);
	host_root_put(root, "proc/meminfo", "MemTotal:  16000 kB\nMemAvailable:   900 kB\n");
	assert_int_equal(room_to_spare(root), 0);
}

/* Without swap both fields are 0; one that is missing is another thing. */
TEST_WITH(no_swap_is_known, setup, teardown)
{
	struct host_memory m;

	host_root_put(root, "proc/meminfo", "MemTotal: 8 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
	assert_int_equal(meminfo_read(root, &m), 0);
	assert_true(m.swap_known && m.swap_bytes == 0);
	host_root_put(root, "proc/meminfo", "MemTotal: 8 kB\nSwapTotal: 4 kB\n");
	assert_int_equal(meminfo_read(root, &m), 0);
	assert_true(!m.swap_known && m.swap_bytes == 4096);
}

TEST(meminfo_words_are_whole)
{
	uint64_t bytes;

	assert_int_equal(meminfo_parse("Inactive(file): 8 kB\nActive: 4 kB\nActive(file):  2 kB\n",
				       "Active(file)", &bytes),
			 0);
	assert_int_equal(bytes, 2 * KIB);
	assert_int_equal(meminfo_parse("Node 0 MemFree:  3 kB\n", "MemFree", &bytes), 0);
	assert_int_equal(bytes, 3 * KIB);
	assert_int_equal(meminfo_parse("MemFree: 18446744073709551615 kB", "MemFree", &bytes), -ENOENT);
	assert_int_equal(meminfo_parse("MemFree: junk", "MemFree", &bytes), -ENOENT);
	assert_int_equal(meminfo_parse("", "MemFree", &bytes), -ENOENT);
}

TEST_WITH(activity_is_read, setup, teardown)
{
	struct host_activity a;
	int64_t tick_ns = 1000000000 / sysconf(_SC_CLK_TCK);

	host_root_put(root, "proc/stat", "cpu  1 2 3 4 5 6 7 89 10 11\ncpu0 1 2 3 4 5 6 7 44 5 5\n");
	host_root_put(
		root, "proc/vmstat",
		"numa_hint_faults 5\nnuma_hit 1000\nnuma_miss 7\nx_pgfault 9\npgfault 300\npgmajfault 20\n");
	activity_read(root, &a);
	assert_int_equal(a.steal_ns, 89 * tick_ns);
	assert_int_equal(a.minor_faults, 280);
	assert_int_equal(a.major_faults, 20);
	assert_int_equal(a.numa_hit, 1000);
	assert_int_equal(a.numa_miss, 7);
}

TEST_WITH(missing_activity_is_not_known, setup, teardown)
{
	struct host_activity a, b;

	host_root_put(root, "proc/stat", "cpu  1 2 3\n");
	host_root_put(root, "proc/vmstat", "pgfault 300\nnuma_hit many\nnuma_miss");
	activity_read(root, &a);
	assert_int_equal(a.steal_ns, -1);
	assert_int_equal(a.minor_faults, -1);
	assert_int_equal(a.major_faults, -1);
	assert_int_equal(a.numa_hit, -1);
	assert_int_equal(a.numa_miss, -1);
	activity_read("/nowhere/at/all", &b);
	assert_memory_equal(&a, &b, sizeof(a));
}

TEST(differences_need_both_ends)
{
	const struct host_activity before = { 10, 5, -1, 7, 8 }, after = { 25, 9, 3, -1, 2 };
	struct host_activity d = activity_since(&before, &after);

	assert_int_equal(d.steal_ns, 15);
	assert_int_equal(d.minor_faults, 4);
	assert_int_equal(d.major_faults, -1);
	assert_int_equal(d.numa_hit, -1);
	assert_int_equal(d.numa_miss, -1); /* it went backwards */
}

/* cpu.stat of either version, of each group that has a quota. */
TEST_WITH(time_that_a_quota_took, setup, teardown)
{
	struct limits quotas = { .count = 0 };

	host_root_put(root, "proc/self/cgroup", "0::/a/b\n");
	host_root_put(root, "proc/self/mountinfo", "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
	host_root_put(root, "sys/fs/cgroup/a/cpu.max", "max 100000\n");
	host_root_put(root, "sys/fs/cgroup/a/b/cpu.max", "20000 100000\n");
	host_root_put(root, "sys/fs/cgroup/a/cpu.stat", "nr_throttled 7\nthrottled_usec 1000\n");
	host_root_put(root, "sys/fs/cgroup/a/b/cpu.stat",
		      "usage_usec 9\nnr_periods 3\nnr_throttled 2\nthrottled_usec 12\nnr_bursts 0\n");
	limits_add(root, LIMIT_CPU, 0, &quotas);
	assert_int_equal(limits_throttled_ns(root, &quotas), 12000);
	host_root_put(root, "sys/fs/cgroup/a/b/cpu.stat", "nr_throttled 2\nthrottled_time 345\n");
	assert_int_equal(limits_throttled_ns(root, &quotas), 345);
	host_root_put(root, "sys/fs/cgroup/a/b/cpu.stat", "usage_usec 9\n");
	assert_int_equal(limits_throttled_ns(root, &quotas), -1);
	limits_free(&quotas);
	assert_int_equal(limits_throttled_ns(root, &quotas), 0);
	host_root_put(root, "proc/self/cgroup", "0::/gone\n");
	limits_add(root, LIMIT_CPU, 0, &quotas);
	assert_int_equal(limits_throttled_ns(root, &quotas), -1);
	limits_free(&quotas);
}

/* What is touched has to fit the group, swap included; a smaller set is named, for each vCPU. */
TEST_WITH(more_than_the_group_may_have_is_refused, setup, teardown)
{
	const struct backing_spec spec = { .kind = BACKING_ANON, .page_bytes = PAGE_4K, .bytes = GIB };
	struct error e = { .status = STATUS_OK };

	host_root_put(root, "proc/self/status", "Name:\tx\n");
	assert_int_equal(room_check_touch(root, &spec, 0, GIB, 1, &e), 0);
	host_root_put(root, "proc/self/cgroup", "0::/a\n");
	host_root_put(root, "proc/self/mountinfo", "30 20 0:26 / /cg rw - cgroup2 cgroup2 rw\n");
	host_root_put(root, "cg/a/memory.max", "134217728\n");
	host_root_put(root, "cg/a/memory.current", "2097152\n");
	assert_int_equal(room_check_touch(root, &spec, 2 * MIB, 124 * MIB, 1, &e), 0);
	assert_int_equal(room_check_touch(root, &spec, 2 * MIB, 125 * MIB, 2, &e), -ENOMEM);
	assert_non_null(strstr(
		e.what,
		"touches 127 MiB (2 of them the guest's page tables), but /cg/a/memory.max (128 MiB) leaves 126 MiB"));
	assert_string_equal(e.hint, "--working-set 54M");
	/* Tables alone: no set is to blame. */
	e.status = STATUS_OK;
	assert_int_equal(room_check_touch(root, &spec, 127 * MIB, 0, 1, &e), -ENOMEM);
	assert_string_equal(e.where, "--memory");
	assert_non_null(strstr(e.hint, "raise the limit"));
	host_root_put(root, "proc/meminfo", "SwapTotal: 4096 kB\nSwapFree: 2048 kB\n");
	e.status = STATUS_OK;
	assert_int_equal(room_check_touch(root, &spec, 0, 128 * MIB, 1, &e), 0);
	assert_int_equal(room_check_touch(root, &spec, 0, 129 * MIB, 1, &e), -ENOMEM);
}

/* The group's own count, of either version, or the host's where no group tells. */
TEST_WITH(processes_that_the_oom_killer_ended, setup, teardown)
{
	assert_int_equal(limits_oom_kills(root), -1);
	host_root_put(root, "proc/vmstat", "oom_kill 4\n");
	assert_int_equal(limits_oom_kills(root), 4);
	host_root_put(root, "proc/self/cgroup", "0::/a\n");
	host_root_put(root, "proc/self/mountinfo", "30 20 0:26 / /cg rw - cgroup2 cgroup2 rw\n");
	host_root_put(root, "cg/a/memory.events", "low 0\nmax 9\noom 3\noom_kill 2\noom_group_kill 7\n");
	assert_int_equal(limits_oom_kills(root), 2);
	host_root_put(root, "proc/self/cgroup", "3:memory:/b\n");
	host_root_put(root, "proc/self/mountinfo", "30 20 0:26 / /m rw - cgroup cgroup rw,memory\n");
	host_root_put(root, "m/b/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
	assert_int_equal(limits_oom_kills(root), 1);
}

TEST_WITH(swap_counts_as_far_as_a_group_may_use_it, setup, teardown)
{
	static const struct {
		const char *swap_max;
		uint64_t room;
	} swaps[] = { { "max\n", 100 * KIB }, { "4096\n", 4096 }, { "0\n", 0 } };

	EACH (i, swaps) {
		host_root_put(root, "proc/meminfo", "SwapTotal: 200 kB\nSwapFree: 100 kB\n");
		host_root_put(root, "proc/self/cgroup", "0::/a\n");
		host_root_put(root, "proc/self/mountinfo",
			      "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
		host_root_put(root, "sys/fs/cgroup/a/memory.swap.max", swaps[i].swap_max);
		assert_int_equal(limits_swap_room(root), swaps[i].room);
	}
}
