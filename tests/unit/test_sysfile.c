/*
 * A recorded host is all that is read of it: a link of the tree leads to the tree's own files, as it did where it was
 * recorded. A tree from elsewhere could else show this host's files as that one's, or open whatever it names.
 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "host_root.h"
#include "vmm/host/sysfile.h"

static char outer[HOST_ROOT_BYTES], root[HOST_ROOT_BYTES + 8];

static void link_to(const char *target, const char *name)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	assert_int_equal(symlink(target, path), 0);
}

/* outer/secret beside the tree outer/root, whose sys/known says "inside". */
static int make(void **state)
{
	(void)state;
	host_root_make(outer);
	host_root_put(outer, "secret", "outside");
	host_root_put(outer, "root/sys/known", "inside");
	host_root_put(outer, "root/sys/folder/file", "inside");
	(void)snprintf(root, sizeof(root), "%s/root", outer);
	return 0;
}

static int clear(void **state)
{
	(void)state;
	host_root_remove(outer);
	return 0;
}

TEST_WITH(links_stay_in_the_tree, make, clear)
{
	char text[64], absolute[256];

	(void)snprintf(absolute, sizeof(absolute), "%s/secret", outer);
	link_to(absolute, "sys/absolute");
	link_to("../../../../../../secret", "sys/upwards");
	link_to("../../secret", "sys/beside");
	link_to("/etc/passwd", "sys/passwd");
	link_to("/etc", "sys/etc");
	link_to("/proc/self/root", "sys/magic");
	link_to("/sys/known", "sys/own");
	link_to("../sys/known", "sys/relative");
	link_to("folder", "sys/link");

	static const char *const closed[] = { "sys/absolute",   "sys/upwards",
					      "sys/beside",     "sys/passwd",
					      "sys/etc/passwd", "sys/magic/etc/passwd",
					      "../secret",      "sys/../../secret",
					      "/../secret",     "sys/../../../../../../../../etc/passwd" };
	static const char *const open_[] = { "sys/known",     "sys/own",          "sys/relative",
					     "sys/link/file", "sys/../sys/known", "/sys/known" };
	EACH (i, closed) {
		assert_int_equal(sysfile_read(root, closed[i], text, sizeof(text)), -ENOENT);
		assert_int_equal(sysfile_exists(root, closed[i]), KNOWN_NO);
		assert_null(sysfile_directory(root, closed[i]));
	}
	EACH (i, open_) {
		assert_int_equal(sysfile_read(root, open_[i], text, sizeof(text)), 6);
		assert_string_equal(text, "inside");
	}
}

/* What a link says is a fact of the recorded host, and is told as it stands. */
TEST_WITH(a_link_is_read_not_followed, make, clear)
{
	char text[64];

	link_to("cgroup:[4026531835]", "sys/ns");
	assert_int_equal(sysfile_link(root, "sys/ns", text, sizeof(text)), 19);
	assert_string_equal(text, "cgroup:[4026531835]");
	assert_int_equal(sysfile_link(root, "sys/ns", text, 8), 7);
	assert_string_equal(text, "cgroup:");
	assert_true(sysfile_link(root, "sys/known", text, sizeof(text)) < 0);
	assert_int_equal(sysfile_link(root, "sys/none", text, sizeof(text)), -ENOENT);
	assert_string_equal(text, "");
}

TEST_WITH(existence_may_be_unknown, make, clear)
{
	link_to("loop", "sys/loop");
	assert_int_equal(sysfile_exists(root, "sys/loop"), KNOWN_UNKNOWN);
	assert_int_equal(sysfile_exists(root, "sys/known"), KNOWN_YES);
	assert_int_equal(sysfile_exists(root, "sys/known/below"), KNOWN_NO);
	assert_int_equal(sysfile_exists(root, "sys/none/below"), KNOWN_NO);
}

/* As of the tree, but here the root is the host's, which absolute links of the kernel's own lead through. */
TEST(the_real_host_has_no_bounds)
{
	char text[64];

	assert_true(sysfile_read("", "proc/self/mounts", text, sizeof(text)) > 0);
	assert_true(sysfile_read("", "proc/mounts", text, sizeof(text)) > 0);
	assert_int_equal(sysfile_exists("", "proc/self/exe"), KNOWN_YES);
}
