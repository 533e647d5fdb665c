/*
 * Property: a shortage is told with the kernel's own numbers, and the cure, if obeyed, provides just what is
 * missing. It could break where reserved pages count as free, where a node is short but the pool is not, or where
 * a control group's limit, its parent's or the reservation's, is the true reason.
 */
#include "test.h"

#include <errno.h>

#include "host_root.h"
#include "pool_root.h"
#include "units.h"
#include "vmm/host/cgroup.h"
#include "vmm/host/pool/pool.h"

#define EPT TESTS_DIR "/fixtures/host/intel-ept"
#define OLD TESTS_DIR "/fixtures/host/intel-no-ept"
#define NONE TESTS_DIR "/fixtures/host/no-kvm"

static int explain(const char *root, uint64_t page_bytes, uint64_t bytes, uint64_t promised_bytes,
		   uint64_t nodes, int err, const char *where, struct error *e)
{
	struct pool_use use = use_of(bytes, page_bytes, nodes);

	use.promised_bytes = promised_bytes;
	use.refused = true;
	return pool_explain(root, &use, 0, err, where, e);
}

static int check(const char *root, uint64_t page_bytes, uint64_t bytes, uint64_t nodes, const char *where,
		 struct error *e)
{
	struct pool_use use = use_of(bytes, page_bytes, nodes);

	return pool_check(root, &use, where, e);
}

static void says(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", text, part);
}

TEST(counts)
{
	struct pool_counts pool;

	assert_int_equal(pool_read(EPT, PAGE_2M, &pool), 0);
	assert_int_equal(pool.total, 64);
	assert_int_equal(pool.free, 40);
	assert_int_equal(pool.reserved, 8);
	assert_int_equal(pool.surplus, 2);
	assert_int_equal(pool_read(EPT, PAGE_1G, &pool), 0);
	assert_int_equal(pool.total, 3);
	assert_int_equal(pool_read(EPT, PAGE_4K, &pool), -ENOENT);
	assert_int_equal(pool.total, 0);
	assert_int_equal(pool_read(NONE, PAGE_2M, &pool), -ENODATA);
}

/* What a container hides is not what the kernel lacks: /proc/filesystems names hugetlbfs where there is hugetlb. */
TEST(a_count_below_zero_is_not_known)
{
	struct pool_root r;
	struct pool_counts c = { .total = 1 };

	root_make(&r);
	root_put_pool(&r, -1, PAGE_2M, 512, 512, 0, 0);
	assert_int_equal(pool_read(r.path, PAGE_2M, &c), 0);
	assert_int_equal(c.free, 512);
	root_put_pool(&r, -1, PAGE_2M, 512, 512, (uint64_t)-1, 0);
	assert_int_equal(pool_read(r.path, PAGE_2M, &c), -ERANGE);
	assert_int_equal(c.total, 0);
	root_remove(&r);
}

TEST(hidden_is_not_absent)
{
	static const char *const kinds[] = { "nodev\tsysfs\n\text4\n", "nodev\tsysfs\nnodev\thugetlbfs\n" };
	char root[HOST_ROOT_BYTES];
	struct pool_counts pool;

	host_root_make(root);
	assert_int_equal(pool_read(root, PAGE_2M, &pool), -ENODATA);
	host_root_put(root, "proc/filesystems", kinds[0]);
	assert_int_equal(pool_read(root, PAGE_2M, &pool), -ENOENT);
	host_root_put(root, "proc/filesystems", kinds[1]);
	assert_int_equal(pool_read(root, PAGE_2M, &pool), -ENODATA);
	/* Shown, but not of that size. */
	host_root_put(root, "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "0\n");
	assert_int_equal(pool_read(root, PAGE_1G, &pool), -ENOENT);
	assert_int_equal(pool.total, 0);
	host_root_remove(root);
}

TEST(pool_too_small)
{
	struct error e = { 0 };

	/* 40 free less 8 reserved are 32; 100 needed; 68 are missing on top of 64. */
	assert_int_equal(explain(EPT, PAGE_2M, 200 * MIB, 0, 0, ENOMEM, "mmap", &e), -ENOMEM);
	assert_int_equal(e.status, STATUS_FAILED);
	assert_int_equal(e.err, ENOMEM);
	assert_string_equal(e.where, "mmap");
	says(e.what, "100 needed (200 MiB)");
	says(e.what, "64 in all, 40 free, 8 of them reserved, 2 surplus");
	says(e.hint, "sysctl vm.nr_hugepages=132");
	/* The pool's own file is the same switch. */
	assert_null(strstr(e.hint, "hugepages-2048kB"));
}

TEST(other_size_than_the_default)
{
	struct error e = { 0 };

	assert_int_equal(explain(EPT, PAGE_1G, 4 * GIB, 0, 0, EFAULT, "populate", &e), -EFAULT);
	says(e.hint, "echo 6 > /sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages");
	says(e.hint, "hugepagesz=1G");
}

TEST(node_too_small)
{
	struct error e = { 0 };

	/* The pool would do: the node does not. */
	assert_int_equal(explain(EPT, PAGE_2M, 40 * MIB, 0, 1 << 1, ENOMEM, "mmap", &e), -ENOMEM);
	says(e.what, "node 1 has 10 free");
	says(e.hint, "echo 42 > /sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages");
	assert_null(strstr(e.hint, "sysctl"));
}

TEST(two_nodes_share_the_lack)
{
	struct error e = { 0 };

	/* 45 needed; 30 + 10 are free there, but 8 of all are promised: 13 missing, 7 and 6. */
	assert_int_equal(explain(EPT, PAGE_2M, 90 * MIB, 0, 3, ENOMEM, "mmap", &e), -ENOMEM);
	says(e.hint, "echo 39 > /sys/devices/system/node/node0/");
	says(e.hint, "echo 38 > /sys/devices/system/node/node1/");
}

TEST(cgroup_v2_parent_is_the_reason)
{
	struct error e = { 0 };

	/* 30 pages are free, but user.slice has room for 24. */
	assert_int_equal(explain(EPT, PAGE_2M, 60 * MIB, 0, 0, ENOMEM, "mmap", &e), -ENOMEM);
	says(e.what, "cgroup limit /sys/fs/cgroup/user.slice/hugetlb.2MB.max is 64 MiB, 16 MiB used");
	says(e.hint, "echo 79691776 > /sys/fs/cgroup/user.slice/hugetlb.2MB.max");
	assert_null(strstr(e.hint, "sysctl"));
}

/* A mapping that has been promised its pages and still did not get them from its node. */
/* A cure that was cut in the middle of a path would write elsewhere; the plan prints the whole of it. */
TEST(cure_that_is_too_long_is_not_cut)
{
	struct pool_root root;
	char group[351], path[420];
	struct error e = { 0 };

	memset(group, 'g', sizeof(group) - 1);
	group[sizeof(group) - 1] = '\0';
	for (size_t i = 0; i < sizeof(group) - 1; i += 175)
		group[i] = '/';
	root_make(&root);
	root_put_pool(&root, -1, PAGE_2M, 64, 64, 0, 0);
	root_put(&root, "proc/self/status", "Name:\tx\n");
	root_put(&root, "proc/self/cgroup", "0::%s\n", group);
	root_put(&root, "proc/self/mountinfo", "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
	for (const char *const *name =
		     (const char *const[]){ "hugetlb.2MB.max", "hugetlb.2MB.rsvd.max", NULL };
	     *name != NULL; name++) {
		(void)snprintf(path, sizeof(path), "sys/fs/cgroup%s/%s", group, *name);
		root_put(&root, path, "0\n");
		(void)snprintf(strrchr(path, '.'), sizeof(".current"), ".current");
		root_put(&root, path, "0\n");
	}
	assert_int_equal(explain(root.path, PAGE_2M, 4 * MIB, 0, 0, ENOMEM, "mmap", &e), -ENOMEM);
	assert_string_equal(e.hint,
			    "minivmm pool plan -m 4M --page-size 2M  # has the lines: too long for here");
	root_remove(&root);
}

TEST(own_reservations_are_not_counted_as_others)
{
	struct error e = { 0 };

	/* 34 needed, 40 free: the 8 reserved ones are its own. */
	assert_int_equal(explain(EPT, PAGE_2M, 68 * MIB, 16 * MIB, 3, EFAULT, "populate", &e), -EFAULT);
	says(e.what, "40 free, 8 of them reserved");
	assert_null(strstr(e.hint, "nr_hugepages"));
	says(e.hint, "user.slice/hugetlb.2MB.max");
	/* Promised altogether: a limit on promises cannot be the reason. */
	e = (struct error){ 0 };
	(void)explain(EPT, PAGE_2M, 192 * MIB, 192 * MIB, 0, EFAULT, "populate", &e);
	says(e.hint, "user.slice/hugetlb.2MB.max");
	assert_null(strstr(e.hint, "rsvd"));
}

/* Where pages can be made on demand, they could not be made: the pool itself has to have them. */
TEST(overcommit_does_not_excuse)
{
	struct pool_root root = { 0 };
	struct error e = { 0 };

	root_make(&root);
	root_put_pool(&root, -1, PAGE_2M, 10, 4, 0, 0);
	root_put(&root, "sys/kernel/mm/hugepages/hugepages-2048kB/nr_overcommit_hugepages", "100\n");
	assert_int_equal(check(root.path, PAGE_2M, 10 * PAGE_2M, 0, "--prealloc", &e), 0);
	assert_int_equal(explain(root.path, PAGE_2M, 10 * PAGE_2M, 0, 0, ENOMEM, "mmap", &e), -ENOMEM);
	says(e.hint, "echo 16 > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages");
	root_remove(&root);
}

TEST(checked_before_it_is_mapped)
{
	struct error e = { 0 };

	assert_int_equal(check(EPT, PAGE_2M, 64 * MIB, 0, "--prealloc", &e), 0);
	assert_int_equal(check(EPT, PAGE_2M, 20 * MIB, 1 << 1, "--host-nodes", &e), 0);
	assert_int_equal(check(NONE, PAGE_2M, GIB, 0, "--prealloc", &e), 0);
	assert_int_equal(e.status, STATUS_OK);
	assert_int_equal(check(EPT, PAGE_2M, 66 * MIB, 0, "--prealloc", &e), -ENOMEM);
	says(e.hint, "sysctl vm.nr_hugepages=65");
	e = (struct error){ 0 };
	assert_int_equal(check(EPT, PAGE_2M, 22 * MIB, 1 << 1, "--host-nodes", &e), -ENOMEM);
	says(e.hint, "echo 33 > /sys/devices/system/node/node1/");
}

TEST(first_error_is_kept)
{
	struct error e = { 0 };

	(void)error_set(&e, STATUS_USAGE, EINVAL, "first", "the cause");
	error_hint(&e, "its cure");
	assert_int_equal(explain(EPT, PAGE_2M, GIB, 0, 0, ENOMEM, "mmap", &e), -ENOMEM);
	assert_string_equal(e.what, "the cause");
	assert_string_equal(e.hint, "its cure");
}

TEST(enough_is_not_blamed_on_the_pool)
{
	struct error e = { 0 };

	assert_int_equal(explain(EPT, PAGE_2M, 2 * MIB, 0, 0, ENOMEM, "mmap", &e), -ENOMEM);
	says(e.hint, "enough now");
}
