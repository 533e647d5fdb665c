/*
 * Property: the mount that a path lies on is named, with what its limits leave, and the cure for a limit is one that the
 * kernel obeys. It could break for a directory below the mount point, for mounts on top of each other, for limits that
 * are not set (0 blocks or all ones), where an option's name is the end of another's, and where a remount is proposed to
 * hugetlbfs, which ignores it. That the commands work is tested with a real kernel in tests/e2e/test_pool.sh.
 */
#include "test.h"

#include <errno.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "units.h"
#include "vmm/host/mount.h"

TEST(one_option_is_replaced)
{
	static const struct {
		const char *options, *name, *value, *expected;
	} rows[] = {
		{ "rw,relatime,pagesize=2M,size=67108864", "size", "128M",
		  "rw,relatime,pagesize=2M,size=128M" },
		{ "rw,size=4M,mode=1770,gid=36", "size", "8M", "rw,mode=1770,gid=36,size=8M" },
		{ "rw,min_size=4M,pagesize=2M", "size", "8M", "rw,min_size=4M,pagesize=2M,size=8M" },
		{ "", "size", "8M", "size=8M" },
		{ "size=1,size=2", "size", "8M", "size=8M" },
	};
	char buf[64];

	LOOP (size_t, i, 0, i < COUNT_OF(rows), i++) {
		assert_true(
			mount_options_with(rows[i].options, rows[i].name, rows[i].value, buf, sizeof(buf)));
		assert_string_equal(buf, rows[i].expected);
	}
	assert_false(mount_options_with("rw,relatime", "size", "8M", buf, 12));
}

static const struct mount_room huge = {
	.path = "/mnt",
	.options = "rw,gid=36,pagesize=2M,size=64M",
	.hugetlbfs = true,
	.page_bytes = PAGE_2M,
	.size_bytes = 64 * MIB,
	.free_bytes = 64 * MIB,
	.inodes = MOUNT_UNLIMITED,
	.inodes_free = MOUNT_UNLIMITED,
};

TEST(cure_of_hugetlbfs)
{
	struct mount_room m = huge;
	char cure[768];

	mount_size_command(&m, 128 * MIB, 0, cure, sizeof(cure));
	assert_string_equal(cure,
			    "umount /mnt && mount -t hugetlbfs -o rw,gid=36,pagesize=2M,size=128M none /mnt");
	/* Pages of this run are gone when it ends. */
	m.free_bytes = 24 * MIB;
	mount_size_command(&m, 128 * MIB, 40 * MIB, cure, sizeof(cure));
	assert_non_null(strstr(cure, "size=128M none /mnt"));
	/* Those of others would be lost with the mount. */
	mount_size_command(&m, 128 * MIB, 38 * MIB, cure, sizeof(cure));
	assert_string_equal(cure, "");
	mount_inodes_command(&m, cure, sizeof(cure));
	assert_string_equal(cure, "");
	/* No mount point, no command. */
	m = huge;
	m.path[0] = '\0';
	mount_size_command(&m, 128 * MIB, 0, cure, sizeof(cure));
	assert_string_equal(cure, "");
}

TEST(cure_of_tmpfs)
{
	struct mount_room m = huge;
	char cure[768];

	m.hugetlbfs = false;
	m.page_bytes = PAGE_4K;
	m.free_bytes = 10 * MIB + 1;
	m.inodes = 4;
	m.inodes_free = 0;
	(void)snprintf(m.path, sizeof(m.path), "/my mount's");
	/* 64 MiB less 1 byte are used, 40 of it by this run; a part of a MiB is a MiB. */
	mount_size_command(&m, 128 * MIB, 40 * MIB, cure, sizeof(cure));
	assert_string_equal(cure, "mount -o remount,size=142M '/my mount'\\''s'");
	mount_inodes_command(&m, cure, sizeof(cure));
	assert_non_null(strstr(cure, "remount,nr_inodes=20 "));
}

/* Every Linux host has a tmpfs at /dev/shm or none: against what statvfs(3) says of the same directory. */
TEST(a_real_tmpfs)
{
	char dir[] = "/dev/shm/minivmm-test-XXXXXX";
	struct mount_room *m = calloc(1, sizeof(*m));
	struct statvfs fs;
	bool there = mkdtemp(dir) != NULL;

	assert_non_null(m);
	assert_int_equal(mount_read("/nowhere", m), -ENOENT);
	if (there) {
		assert_int_equal(statvfs(dir, &fs), 0);
		assert_int_equal(mount_read(dir, m), 0);
		assert_int_equal(rmdir(dir), 0);
		if (strcmp(m->path, "/dev/shm") == 0)
			assert_int_equal(m->size_bytes,
					 fs.f_blocks == 0 ? MOUNT_UNLIMITED : fs.f_blocks * fs.f_frsize);
		assert_int_equal(m->held_bytes, 0);
		assert_false(m->hugetlbfs);
	}
	free(m);
	if (!there)
		skip();
}
