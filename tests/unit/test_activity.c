/*
 * Property: what the host counts is read from the fields that proc(5) names, whatever surrounds them, and a difference is
 * only told where both ends are known. A prefix taken for a name (pgfault in thp_pgfault, numa_hit in numa_hint_faults)
 * would put wrong faults beside every figure.
 */
#include <unistd.h>

#include "test.h"
#include "tests/unit/host_root.h"
#include "vmm/host/meminfo.h"

TEST(reads_the_fields)
{
	char root[HOST_ROOT_BYTES];
	struct host_activity a;
	int64_t tick_ns = 1000000000 / sysconf(_SC_CLK_TCK);

	host_root_make(root);
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
	host_root_remove(root);
}

TEST(what_is_missing_is_not_known)
{
	char root[HOST_ROOT_BYTES];
	struct host_activity a, b;

	host_root_make(root);
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
	host_root_remove(root);
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
