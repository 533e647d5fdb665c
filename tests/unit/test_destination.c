/*
 * Property: what is written goes where the path says, through links too, but never through one, nor into a file or FIFO,
 * that another user left in a directory where anybody may leave files; the rule is that of the kernel's
 * fs.protected_symlinks, fs.protected_fifos and fs.protected_regular, and holds with all of them at 0. It could break in
 * the middle of a path, at the second of two links, and by refusing what is everybody's habit: a link of one's own.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "test.h"
#include "vmm/util/destination.h"

#define OTHER 65534

static char dir[] = "/tmp/minivmm-destination-XXXXXX";

/* own/ is an ordinary directory, shared/ is as /tmp, theirs/ is as /tmp but belongs to the other user. */
static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL || chdir(dir) != 0 || mkdir("own", 0755) != 0 ||
	       mkdir("shared", 0755) != 0 || chmod("shared", 01777) != 0 || mkdir("theirs", 0755) != 0 ||
	       chmod("theirs", 01777) != 0;
}

static int empty(const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *entry;
	int ret = d == NULL;

	while (ret == 0 && (entry = readdir(d)) != NULL)
		ret = entry->d_name[0] != '.' && unlinkat(dirfd(d), entry->d_name, 0) != 0;
	return d == NULL || closedir(d) != 0 ? -1 : ret;
}

static int forget(void **state)
{
	(void)state;
	return empty("own") != 0 || empty("shared") != 0 || empty("theirs") != 0;
}

static int remove_dir(void **state)
{
	return forget(state) != 0 || rmdir("own") != 0 || rmdir("shared") != 0 || rmdir("theirs") != 0 ||
	       chdir("/") != 0 || rmdir(dir) != 0;
}

static void make_link(const char *target, const char *path, uid_t owner)
{
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(lchown(path, owner, (gid_t)-1), 0);
}

static void make_file(const char *path, mode_t type, uid_t owner)
{
	assert_int_equal(mknod(path, type | 0666, 0), 0);
	assert_int_equal(lchown(path, owner, (gid_t)-1), 0);
}

static int open_it(const char *path, struct destination *p)
{
	int ret = destination_open(path, true, p);

	assert_int_equal(p->dir >= 0, ret == 0);
	destination_close(p);
	return ret;
}

static void want_refused(const char *path)
{
	struct error e = { 0 };
	struct destination p;

	assert_int_equal(open_it(path, &p), -EACCES);
	assert_true(p.refused);
	assert_int_equal(destination_refused(&p, path, "not written", &e), -EACCES);
	assert_non_null(strstr(e.what, "user 65534"));
	assert_non_null(strstr(e.hint, "directory of your own"));
}

static void want_name(const char *path, const char *name, bool exists)
{
	struct destination p;

	assert_int_equal(open_it(path, &p), 0);
	assert_false(p.refused);
	assert_string_equal(p.name, name);
	assert_int_equal(p.st.st_mode != 0, exists);
}

TEST_WITH(paths_of_every_form, NULL, forget)
{
	static const struct {
		const char *path;
		int ret;
	} wrong[] = {
		{ "", -ENOENT },          { "/", -EISDIR },           { "own/", -EISDIR },
		{ "none/a", -ENOENT },    { "own/file/a", -ENOTDIR }, { "own/loop", -ELOOP },
		{ "own/loop/a", -ELOOP },
	};
	struct destination p;
	char path[PATH_MAX];

	make_file("own/file", S_IFREG, getuid());
	assert_int_equal(symlink("loop", "own/loop"), 0);
	LOOP (size_t, i, 0, i < sizeof(wrong) / sizeof(wrong[0]), i++) {
		assert_int_equal(open_it(wrong[i].path, &p), wrong[i].ret);
		assert_false(p.refused);
	}
	want_name("a", "a", false);
	want_name("own//./../own/file", "file", true);
	(void)snprintf(path, sizeof(path), "%s/own/file", dir);
	want_name(path, "file", true);
	assert_int_equal(open_it("own/..", &p), 0);
	assert_true(S_ISDIR(p.st.st_mode));
}

TEST_WITH(links_of_ones_own_are_followed, NULL, forget)
{
	struct destination p;
	char target[PATH_MAX];

	make_file("own/file", S_IFREG, getuid());
	(void)snprintf(target, sizeof(target), "%s/own", dir);
	assert_int_equal(symlink(target, "shared/way"), 0);
	assert_int_equal(symlink("way/file", "shared/there"), 0);
	assert_int_equal(symlink("way/new", "shared/dangling"), 0);
	want_name("shared/there", "file", true);
	want_name("shared/way/file", "file", true);
	want_name("shared/dangling", "new", false);
	assert_int_equal(destination_open("shared/there", false, &p), -ELOOP);
	assert_int_equal(destination_open("shared/way/file", false, &p), 0);
	destination_close(&p);
}

/* Only the kernel can say where /proc/self/fd/N leads: a pipe has no path. */
TEST(names_of_open_files)
{
	char path[64];
	struct destination p;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", ends[1]);
	assert_int_equal(open_it(path, &p), 0);
	assert_true(p.in_proc && S_ISFIFO(p.st.st_mode));
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(close(ends[1]), 0);
	assert_int_equal(open_it("/dev/null", &p), 0);
	assert_true(!p.in_proc && S_ISCHR(p.st.st_mode));
}

TEST_WITH(what_others_left_is_refused, NULL, forget)
{
	struct destination p;

	if (getuid() != 0) {
		print_message("SKIP: only root can make files of another user\n");
		skip();
	}
	make_file("own/file", S_IFREG, 0);
	make_link("../own/file", "shared/link", OTHER);
	make_link("../own/new", "shared/dangling", OTHER);
	make_link("../own", "shared/way", OTHER);
	make_link("shared/link", "second", 0);
	make_file("shared/file", S_IFREG, OTHER);
	make_file("shared/fifo", S_IFIFO, OTHER);
	want_refused("shared/link");
	want_refused("shared/dangling");
	want_refused("shared/way/file");
	want_refused("second");
	want_refused("shared/file");
	want_refused("shared/fifo");
	assert_int_equal(unlink("second"), 0);

	/* Where only some may write, whoever may is trusted; and so is the owner of a directory in it. */
	make_link("file", "own/link", OTHER);
	make_file("own/theirs", S_IFREG, OTHER);
	want_name("own/link", "file", true);
	want_name("own/theirs", "theirs", true);
	assert_int_equal(lchown("theirs", OTHER, (gid_t)-1), 0);
	make_link("../own/file", "theirs/link", OTHER);
	make_file("theirs/file", S_IFREG, OTHER);
	want_name("theirs/link", "file", true);
	want_name("theirs/file", "file", true);

	/* Made between the look at the name and its opening. */
	assert_int_equal(destination_open("shared/later", true, &p), 0);
	p.st.st_uid = OTHER;
	assert_int_equal(destination_check(&p, &p.st), -EACCES);
	destination_close(&p);
}

TEST_GROUP(make_dir, remove_dir)
