/*
 * Property: what all VMs' page tables take is read from the one line that says so, or not known, never 0 by mistake.
 * It could break because kernels before 6.1 have no such line, and because "PageTables" is a part of its name.
 */
#include <errno.h>

#include "test.h"
#include "host_root.h"
#include "vmm/host/meminfo.h"
#include "vmm/core/memory/shortage.h"

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
	/* Nobody's business: not everyone may. */
	meminfo_settle(root);
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
