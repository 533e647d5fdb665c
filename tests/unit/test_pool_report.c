/*
 * Property: the picture of the pools is what the kernel's files say, and "available" is what a mapping of this process
 * would really get. It could break where a size, a mount or a group is written in a way that is not the usual one, and
 * where one of the bounds (promises, cpuset, either kind of limit at any height, memory) is left out.
 */
#include "test.h"
#include "pool_root.h"
#include "units.h"
#include "vmm/host/pool/pool.h"

#define EPT TESTS_DIR "/fixtures/host/intel-ept"
#define NONE TESTS_DIR "/fixtures/host/no-kvm"

#define POOL_2M "sys/kernel/mm/hugepages/hugepages-2048kB/"

static struct pool_root root;
static struct pool_report report;

static int make(void **state)
{
	(void)state;
	root_make(&root);
	return 0;
}

static int drop(void **state)
{
	(void)state;
	root_remove(&root);
	return 0;
}

TEST(two_nodes)
{
	const struct pool_size *size;

	pool_report_read(EPT, &report);
	assert_int_equal(report.size_count, 2);
	assert_int_equal(report.sizes[0].page_bytes, PAGE_2M);
	assert_true(report.sizes[0].is_default);
	assert_int_equal(report.sizes[1].page_bytes, PAGE_1G);
	assert_false(report.sizes[1].is_default);
	size = pool_report_size(&report, PAGE_2M);
	assert_int_equal(size->counts.total, 64);
	assert_int_equal(size->node_count, 2);
	assert_int_equal(size->nodes[1].node, 1);
	assert_int_equal(size->nodes[1].free, 10);
	/* 40 - 8 are free and not reserved; user.slice has room for 48 MiB. */
	assert_int_equal(size->available_pages, 24);
	assert_int_equal(size->cgroup_max_bytes, 64 * MIB);
	assert_int_equal(size->cgroup_rsvd_max_bytes, 128 * MIB);
	assert_string_equal(size->limits.list[0].path, "/sys/fs/cgroup/user.slice/hugetlb.2MB.max");
	size = pool_report_size(&report, PAGE_1G);
	assert_int_equal(size->available_pages, 1);
	assert_true(size->cgroup_max_bytes == POOL_UNLIMITED);
	assert_int_equal(size->limits.count, 0);
	assert_null(pool_report_size(&report, PAGE_4K));
}

TEST_WITH(nothing_there, make, drop)
{
	pool_report_read(NONE, &report);
	assert_int_equal(report.size_count, 0);
	assert_int_equal(report.mount_count, 0);
	pool_report_read(root.path, &report);
	assert_int_equal(report.size_count, 0);
	assert_int_equal(report.allowed.cpuset, 0);
	assert_int_equal(report.memory_available_bytes, 0);
}

TEST_WITH(odd_names_and_values, make, drop)
{
	root_put_pool(&root, -1, 64 * KIB, 7, 7, 0, 0);
	root_put_pool(&root, -1, PAGE_1G, 1, 1, 0, 0);
	root_put_pool(&root, -1, PAGE_2M, 9, 9, 0, 0);
	root_put(&root, "sys/kernel/mm/hugepages/hugepages-kB/nr_hugepages", "1\n");
	root_put(&root, "sys/kernel/mm/hugepages/hugepages-0kB/nr_hugepages", "1\n");
	root_put(&root, "sys/kernel/mm/hugepages/hugepages-12/nr_hugepages", "1\n");
	root_put(&root, "sys/kernel/mm/hugepages/hugepages-99999999999999999999kB/nr_hugepages", "1\n");
	root_put(&root, POOL_2M "free_hugepages", "many\n");
	root_put(&root, POOL_2M "nr_overcommit_hugepages", "-1\n");
	pool_report_read(root.path, &report);
	assert_int_equal(report.size_count, 3);
	assert_int_equal(report.sizes[0].page_bytes, 64 * KIB);
	assert_int_equal(report.sizes[0].available_pages, 7);
	/* Half a picture is none. */
	assert_int_equal(report.sizes[1].counts.total, 0);
	assert_int_equal(report.sizes[1].overcommit, 0);
	assert_int_equal(report.sizes[2].page_bytes, PAGE_1G);
	assert_false(report.sizes[0].is_default || report.sizes[1].is_default || report.sizes[2].is_default);
}

/* What is there and cannot be read is no empty pool: no plan is made of it. */
TEST_WITH(unread_is_not_zero, make, drop)
{
	static const char *const spoiled[] = { POOL_2M "nr_hugepages", POOL_2M "free_hugepages",
					       POOL_2M "nr_overcommit_hugepages",
					       "sys/devices/system/node/node0/hugepages/hugepages-2048kB/"
					       "nr_hugepages" };
	const struct pool_use use = { .page_bytes = PAGE_2M, .bytes = PAGE_2M };
	struct pool_plan plan;

	EACH (i, spoiled) {
		struct error e = { .status = STATUS_OK }, shortage = { .status = STATUS_OK };

		root_put_pool(&root, -1, PAGE_2M, 20, 20, 0, 0);
		root_put_pool(&root, 0, PAGE_2M, 20, 20, 0, 0);
		root_put(&root, POOL_2M "nr_overcommit_hugepages", "0\n");
		pool_report_read(root.path, &report);
		assert_int_equal(pool_report_check(&report, &e), 0);
		root_put(&root, spoiled[i], "many\n");
		pool_report_read(root.path, &report);
		assert_int_equal(pool_plan_make(&report, &use, &plan, &e), -EINVAL);
		assert_memory_equal(e.where, "/sys/", 5);
		assert_int_equal(pool_explain(root.path, &use, 0, ENOMEM, "mmap", &shortage), -ENOMEM);
		assert_non_null(strstr(shortage.what, "cannot be read"));
	}
}

TEST_WITH(overcommit_counts_as_far_as_memory, make, drop)
{
	root_put_pool(&root, -1, PAGE_2M, 12, 4, 1, 2);
	root_put(&root, POOL_2M "nr_overcommit_hugepages", "100\n");
	pool_report_read(root.path, &report);
	assert_int_equal(report.sizes[0].on_demand_pages, 98);
	assert_int_equal(report.sizes[0].available_pages, 3 + 98);
	root_put(&root, "proc/meminfo", "MemAvailable: 20480 kB\nHugepagesize: 2048 kB\n");
	pool_report_read(root.path, &report);
	assert_true(report.sizes[0].is_default);
	assert_int_equal(report.sizes[0].available_pages, 3 + 10);
	root_put(&root, POOL_2M "nr_overcommit_hugepages", "1\n");
	pool_report_read(root.path, &report);
	assert_int_equal(report.sizes[0].available_pages, 3);
}

TEST_WITH(cpuset_bounds, make, drop)
{
	root_put_pool(&root, -1, PAGE_2M, 20, 20, 0, 0);
	root_put_pool(&root, 0, PAGE_2M, 5, 5, 0, 0);
	root_put_pool(&root, 3, PAGE_2M, 15, 15, 0, 0);
	pool_report_read(root.path, &report);
	assert_int_equal(report.sizes[0].available_pages, 20);
	root_put(&root, "proc/self/status", "Name:\tx\nCpus_allowed_list:\t3\nMems_allowed_list:\t0-2\n");
	pool_report_read(root.path, &report);
	assert_int_equal(report.allowed.cpuset, 7);
	assert_int_equal(report.sizes[0].available_pages, 5);
	root_put(&root, "proc/self/status", "Name:\tx\nMems_allowed_list:\t0-1023\n");
	pool_report_read(root.path, &report);
	assert_int_equal(report.sizes[0].available_pages, 20);
}

static void mount_at(int i, const char *path, uint64_t page_bytes)
{
	assert_string_equal(report.mounts[i].path, path);
	assert_int_equal(report.mounts[i].page_bytes, page_bytes);
}

TEST_WITH(mounts, make, drop)
{
	struct pool_root other = { 0 };

	root_make(&other);
	root_put(&root, "proc/self/mounts",
		 "proc /proc proc rw 0 0\n"
		 "hugetlbfs /dev/hugepages hugetlbfs rw,relatime,pagesize=2M 0 0\n"
		 "none /mnt/one\\040gig hugetlbfs rw,pagesize=1024M,size=1G 0 0\n"
		 "none /mnt/k hugetlbfs pagesize=64k 0 0\n"
		 "none /mnt/g hugetlbfs rw,pagesize=1G,pagesizeX4M 0 0\n"
		 "none /mnt/bytes hugetlbfs pagesize=2097152 0 0\n"
		 "none /mnt/back\\134slash hugetlbfs rw,min_size=4M 0 0\n"
		 "none /mnt/junk hugetlbfs rw,pagesize=2X,xpagesize=2M 0 0\n"
		 "none /mnt/huge hugetlbfs rw,pagesize=99999999999G 0 0\n"
		 "hugetlbfs /mnt/tmpfs tmpfs rw,pagesize=2M 0 0\n"
		 "broken /mnt\n"
		 "\n");
	/* Not read is not none. */
	root_put(&other, "proc/meminfo", "MemTotal: 1 kB\n");
	pool_report_read(other.path, &report);
	assert_false(report.mounts_known);
	root_remove(&other);
	pool_report_read(root.path, &report);
	assert_true(report.mounts_known);
	assert_int_equal(report.mount_count, 8);
	mount_at(0, "/dev/hugepages", PAGE_2M);
	assert_string_equal(report.mounts[0].options, "rw,relatime,pagesize=2M");
	mount_at(1, "/mnt/one gig", PAGE_1G);
	mount_at(2, "/mnt/k", 64 * KIB);
	mount_at(3, "/mnt/g", PAGE_1G);
	mount_at(4, "/mnt/bytes", PAGE_2M);
	/* Not told is not guessed. */
	mount_at(5, "/mnt/back\\slash", 0);
	assert_int_equal(report.mounts[5].held_bytes, 4 * MIB);
	mount_at(6, "/mnt/junk", 0);
	mount_at(7, "/mnt/huge", 0);
}

TEST_WITH(as_many_mounts_as_there_are, make, drop)
{
	char text[8192] = "";

	for (size_t i = 0, used = 0; i < 40; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "none /mnt/%zu hugetlbfs rw,pagesize=2M 0 0\n", i);
	root_put(&root, "proc/self/mounts", "%s", text);
	pool_report_read(root.path, &report);
	assert_int_equal(report.mount_count, 40);
	assert_string_equal(report.mounts[39].path, "/mnt/39");
}

TEST_WITH(cgroup_v1_has_both_kinds, make, drop)
{
	const char *lab = "sys/fs/cgroup/hugetlb/a/b/";
	char path[128];

	root_put_pool(&root, -1, PAGE_2M, 1000, 1000, 0, 0);
	root_put(&root, "proc/self/cgroup", "9:memory:/x\n3:freezer,hugetlb:/a/b\n");
	root_put(&root, "proc/self/mounts", "cgroup /sys/fs/cgroup/hugetlb cgroup rw,hugetlb 0 0\n");
	(void)snprintf(path, sizeof(path), "%shugetlb.2MB.limit_in_bytes", lab);
	root_put(&root, path, "%" PRIu64 "\n", 100 * MIB);
	(void)snprintf(path, sizeof(path), "%shugetlb.2MB.usage_in_bytes", lab);
	root_put(&root, path, "%" PRIu64 "\n", 20 * MIB);
	pool_report_read(root.path, &report);
	assert_int_equal(report.sizes[0].available_pages, 40);
	assert_true(report.sizes[0].cgroup_rsvd_max_bytes == POOL_UNLIMITED);
	/* The parent's promise is tighter. */
	root_put(&root, "sys/fs/cgroup/hugetlb/a/hugetlb.2MB.rsvd.limit_in_bytes", "%" PRIu64 "\n",
		 300 * MIB);
	root_put(&root, "sys/fs/cgroup/hugetlb/a/hugetlb.2MB.rsvd.usage_in_bytes", "%" PRIu64 "\n",
		 290 * MIB);
	pool_report_read(root.path, &report);
	assert_int_equal(report.sizes[0].available_pages, 5);
	assert_int_equal(report.sizes[0].limits.count, 2);
	assert_string_equal(report.sizes[0].limits.list[0].path,
			    "/sys/fs/cgroup/hugetlb/a/hugetlb.2MB.rsvd.limit_in_bytes");
	assert_int_equal(report.sizes[0].cgroup_max_bytes, 100 * MIB);
	/* A limit lowered below what is used leaves nothing. */
	root_put(&root, "sys/fs/cgroup/hugetlb/hugetlb.2MB.limit_in_bytes", "4096\n");
	root_put(&root, "sys/fs/cgroup/hugetlb/hugetlb.2MB.usage_in_bytes", "8192\n");
	pool_report_read(root.path, &report);
	assert_int_equal(report.sizes[0].available_pages, 0);
}

TEST_WITH(deep_groups_are_all_kept, make, drop)
{
	char group[256] = "", path[400];

	root_put_pool(&root, -1, PAGE_1G, 100, 100, 0, 0);
	root_put(&root, "proc/self/mounts", "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n");
	for (uint64_t i = 1; i <= 40; i++) {
		(void)snprintf(group + strlen(group), sizeof(group) - strlen(group), "/g%" PRIu64, i);
		(void)snprintf(path, sizeof(path), "sys/fs/cgroup%s/hugetlb.1GB.max", group);
		/* The tightest in the middle. */
		root_put(&root, path, "%" PRIu64 "\n", (i < 20 ? 60 - i : 20 + i) * GIB);
	}
	root_put(&root, "proc/self/cgroup", "0::%s\n", group);
	pool_report_read(root.path, &report);
	assert_int_equal(report.sizes[0].limits.count, 40);
	assert_int_equal(report.sizes[0].available_pages, 40);
	LOOP (uint32_t, i, 1, i < 40, i++)
		assert_true(report.sizes[0].limits.list[i - 1].limit <= report.sizes[0].limits.list[i].limit);
}
