/*
 * Property: a control group is found whatever the length of its path, up to the kernel's longest, which with the mount's and
 * the file's is longer than a call takes. A buffer that is too short would turn its limit into "none".
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"
#include "host_root.h"
#include "vmm/host/limits.h"

static char root[HOST_ROOT_BYTES];

static void put_at(int directory, const char *name, const char *text)
{
	int file = openat(directory, name, O_WRONLY | O_CREAT, 0600);

	assert_true(file >= 0);
	assert_int_equal(write(file, text, strlen(text)), strlen(text));
	assert_int_equal(close(file), 0);
}

TEST(paths_are_as_long_as_the_kernel_allows)
{
	static const size_t lengths[] = { 200, 254, 255, 256, 500, 4000, 4095 };
	char part[160], group[8192], groups[8300], full[160];

	EACH (i, lengths) {
		struct limits limits = { .count = 0 };
		int at;

		host_root_make(root);
		host_root_put(root, "proc/self/mountinfo",
			      "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
		host_root_put(root, "sys/fs/cgroup/x", "");
		group[0] = '\0';
		(void)snprintf(full, sizeof(full), "%s/sys/fs/cgroup", root);
		at = open(full, O_PATH | O_DIRECTORY);
		while (strlen(group) < lengths[i]) {
			size_t left = lengths[i] - strlen(group) - 1;
			int next;

			memset(part, 'g', sizeof(part));
			part[left > 121 ? 120 : left == 0 ? 1 : left] = '\0';
			assert_int_equal(mkdirat(at, part, 0700), 0);
			next = openat(at, part, O_PATH | O_DIRECTORY);
			assert_true(next >= 0);
			assert_int_equal(close(at), 0);
			at = next;
			(void)snprintf(group + strlen(group), sizeof(group) - strlen(group), "/%s", part);
		}
		(void)snprintf(groups, sizeof(groups), "0::%s\n", group);
		host_root_put(root, "proc/self/cgroup", groups);
		put_at(at, "memory.max", "12345\n");
		put_at(at, "memory.current", "0\n");
		assert_int_equal(close(at), 0);
		limits_add(root, LIMIT_MEMORY, 0, &limits);
		assert_string_equal(limits.unknown, "");
		assert_int_equal(limits.count, 1);
		assert_int_equal(limits_room(&limits), 12345);
		assert_int_equal(strlen(limits.list[0].path),
				 strlen("/sys/fs/cgroup/memory.max") + strlen(group));
		limits_free(&limits);
		host_root_remove(root);
	}
}
