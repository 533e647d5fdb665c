/*
 * Property: a product's file is there whole or not at all, every failed write is an error that names the
 * place, and one product that is lost costs no other. Buffered output hides ENOSPC until close, and a rename
 * over /dev/null would destroy the device.
 */
#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"
#include "vmm/output/output.h"

static char dir[64];

static int setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/minivmm-emit-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	return 0;
}

/* What a call fails with: a file system without O_TMPFILE, a host without /proc. 0: it does what it does. */
static int no_tmpfile, no_link;
/* How many names the directory had when the whole file had reached the disk. */
static int entries_written = -1;

int __real_openat(int at, const char *name, int flags, mode_t mode);
int __wrap_openat(int at, const char *name, int flags, mode_t mode);
int __wrap_openat(int at, const char *name, int flags, mode_t mode)
{
	if (no_tmpfile != 0 && (flags & O_TMPFILE) == O_TMPFILE) {
		errno = no_tmpfile;
		return -1;
	}
	return __real_openat(at, name, flags, mode);
}

int __real_linkat(int from, const char *old, int to, const char *name, int flags);
int __wrap_linkat(int from, const char *old, int to, const char *name, int flags);
int __wrap_linkat(int from, const char *old, int to, const char *name, int flags)
{
	if (no_link != 0) {
		errno = no_link;
		return -1;
	}
	return __real_linkat(from, old, to, name, flags);
}

static const char text[] = "{ a product }";

static int put_text(const void *product, FILE *out)
{
	return fputs(product, out) < 0 ? -EIO : 0;
}

static int entries(void)
{
	DIR *d = opendir(dir);
	int count = -2;

	assert_non_null(d);
	while (readdir(d) != NULL)
		count++;
	assert_int_equal(closedir(d), 0);
	return count;
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
	entries_written = entries();
	return __real_fsync(fd);
}

static void remove_entry(const char *path)
{
	assert_int_equal(unlink(path), 0);
}

static int teardown(void **state)
{
	(void)state;
	/* Nothing is mounted there, unless a test failed half-way. */
	(void)umount2(dir, MNT_DETACH);
	no_tmpfile = no_link = 0;
	return rmdir(dir);
}

/* So that kill -9 leaves the old file, or the new one, and no third. */
TEST_WITH(has_no_name_until_it_is_whole, setup, teardown)
{
	struct error e = { 0 };
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/a.json", dir);
	assert_int_equal(output_file(path, put_text, text, &e), 0);
	assert_int_equal(entries_written, 0);
	assert_int_equal(entries(), 1);
	assert_int_equal(output_file(path, put_text, text, &e), 0);
	assert_int_equal(entries_written, 1);
	assert_int_equal(entries(), 1);
	remove_entry(path);
}

TEST_WITH(goes_without_unnamed_files, setup, teardown)
{
	static const struct {
		int no_tmpfile, no_link, expected;
	} kinds[] = { { EOPNOTSUPP, 0, 0 },   { EISDIR, 0, 0 },       { 0, ENOENT, 0 },
		      { ENOSPC, 0, -ENOSPC }, { EMFILE, 0, -EMFILE }, { 0, EDQUOT, -EDQUOT } };
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/a.json", dir);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct error e = { 0 };

		no_tmpfile = kinds[i].no_tmpfile;
		no_link = kinds[i].no_link;
		assert_int_equal(output_put(path, text, sizeof(text) - 1, &e), kinds[i].expected);
		assert_int_equal(e.err, -kinds[i].expected);
		assert_int_equal(entries(), kinds[i].expected == 0 ? 1 : 0);
		if (kinds[i].expected == 0)
			remove_entry(path);
	}
}

TEST_WITH(replaces_a_file, setup, teardown)
{
	struct error e = { 0 };
	char path[96], link[96];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/a.json", dir);
	(void)snprintf(link, sizeof(link), "%s/b.json", dir);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(output_file(path, put_text, text, &e), 0);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(output_file(link, put_text, text, &e), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(entries(), 2);
	remove_entry(path);
	remove_entry(link);
}

TEST_WITH(devices_are_written_not_replaced, setup, teardown)
{
	struct error e = { 0 };
	struct stat st;

	assert_int_equal(output_file("/dev/null", put_text, text, &e), 0);
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(output_file("/dev/full", put_text, text, &e), -ENOSPC);
	assert_int_equal(e.status, STATUS_FAILED);
	assert_int_equal(e.err, ENOSPC);
	assert_non_null(strstr(e.what, "/dev/full"));
}

TEST_WITH(names_that_cannot_be, setup, teardown)
{
	struct error missing = { 0 }, is_dir = { 0 };
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/none/a.json", dir);
	assert_int_equal(output_file(path, put_text, text, &missing), -ENOENT);
	assert_non_null(strstr(missing.what, path));
	assert_int_not_equal(missing.hint[0], '\0');
	assert_int_equal(output_file(dir, put_text, text, &is_dir), -EISDIR);
	assert_int_equal(entries(), 0);
}

/* Before the run, what output_file would say after it; and nothing is made by asking. */
TEST_WITH(asking_first, setup, teardown)
{
	struct error ok = { 0 }, missing = { 0 }, is_dir = { 0 }, too_long = { 0 };
	char path[96], name[257];

	assert_int_equal(output_check("-", &ok), 0);
	assert_int_equal(output_check("/dev/null", &ok), 0);
	assert_int_equal(output_check("in-the-working-directory.json", &ok), 0);
	(void)snprintf(path, sizeof(path), "%s/a.json", dir);
	assert_int_equal(output_check(path, &ok), 0);
	(void)snprintf(path, sizeof(path), "%s/none/a.json", dir);
	assert_int_equal(output_check(path, &missing), -ENOENT);
	assert_non_null(strstr(missing.what, path));
	assert_int_equal(output_check(dir, &is_dir), -EISDIR);
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(output_check(name, &too_long), -ENAMETOOLONG);
	assert_int_equal(entries(), 0);
}

/* The name of the file beside it must not grow with it. */
TEST_WITH(longest_name, setup, teardown)
{
	struct error e = { 0 };
	char path[400];
	size_t used;

	used = (size_t)snprintf(path, sizeof(path), "%s/", dir);
	memset(path + used, 'a', 255);
	path[used + 255] = '\0';
	assert_int_equal(output_file(path, put_text, text, &e), 0);
	assert_int_equal(entries(), 1);
	remove_entry(path);
}

/* Another user's link in a directory where anybody may leave one: what it names stays as it was. */
TEST_WITH(links_of_others_are_refused, setup, teardown)
{
	struct error e = { 0 }, asked = { 0 };
	char path[96], link[96];
	struct stat st;

	if (getuid() != 0) {
		print_message("SKIP: only root can make a link of another user\n");
		skip();
	}
	(void)snprintf(path, sizeof(path), "%s/secret", dir);
	(void)snprintf(link, sizeof(link), "%s/a.json", dir);
	assert_int_equal(output_put(path, "", 0, &e), 0);
	assert_int_equal(chmod(dir, 01777), 0);
	assert_int_equal(symlink("secret", link), 0);
	assert_int_equal(lchown(link, 65534, 65534), 0);
	assert_int_equal(output_check(link, &asked), -EACCES);
	assert_non_null(strstr(asked.what, "a.json is of user 65534"));
	assert_int_equal(output_file(link, put_text, text, &e), -EACCES);
	assert_non_null(strstr(e.hint, "directory of your own"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(entries(), 2);
	remove_entry(link);
	remove_entry(path);
}

static int fail_half_way(const void *product, FILE *out)
{
	(void)product;
	return fputs("half", out) < 0 ? -EIO : -ENOMEM;
}

TEST_WITH(a_writer_that_fails_leaves_nothing, setup, teardown)
{
	struct error e = { 0 };
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/a.json", dir);
	assert_int_equal(output_file(path, fail_half_way, text, &e), -ENOMEM);
	assert_int_equal(entries(), 0);
}

static int put_much(const void *product, FILE *out)
{
	(void)product;
	for (int i = 0; i < 65536; i++) {
		if (fputs("0123456789abcde\n", out) < 0)
			return -EIO;
	}
	return 0;
}

/* The old file must survive a full file system. */
TEST_WITH(a_full_file_system, setup, teardown)
{
	struct error e = { 0 };
	char path[96];
	struct stat st;

	if (mount("tmpfs", dir, "tmpfs", 0, "size=64k") != 0) {
		print_message("SKIP: a tmpfs cannot be mounted here (not root)\n");
		skip();
	}
	(void)snprintf(path, sizeof(path), "%s/a.json", dir);
	assert_int_equal(output_file(path, put_text, text, &e), 0);
	assert_int_equal(output_file(path, put_much, text, &e), -ENOSPC);
	assert_int_equal(entries(), 1);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > 0 && st.st_size < 4096);
	assert_int_equal(umount(dir), 0);
}

TEST_WITH(a_pipe_is_written, setup, teardown)
{
	struct error e = { 0 };
	char name[32], data[8192];
	int ends[2];
	ssize_t got;

	assert_int_equal(pipe(ends), 0);
	(void)snprintf(name, sizeof(name), "/dev/fd/%d", ends[1]);
	assert_int_equal(output_file(name, put_text, text, &e), 0);
	assert_int_equal(close(ends[1]), 0);
	got = read(ends[0], data, sizeof(data));
	assert_true(got > 2 && data[0] == '{');
	assert_int_equal(close(ends[0]), 0);
}

/* Once it has a reader; the end of a run must not wait for ever for one. */
TEST_WITH(a_fifo_that_nobody_reads, setup, teardown)
{
	struct error e = { 0 }, none = { 0 };
	char path[96], data[32];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/fifo", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(output_put(path, text, 3, &e), -ENXIO);
	assert_non_null(strstr(e.what, "nobody reads this pipe"));
	fd = open(path, O_RDONLY | O_NONBLOCK);
	assert_int_equal(output_put(path, text, 3, &none), 0);
	assert_int_equal(read(fd, data, sizeof(data)), 3);
	assert_int_equal(close(fd), 0);
	remove_entry(path);
}

/* The sweep's journal is dropped only where its JSON is written, whatever happened to the others. */
TEST_WITH(each_product_for_itself, setup, teardown)
{
	static const struct output_writers writers = { put_text, fail_half_way, put_text, put_text };
	char csv[96], svg[96];
	const struct output_paths paths = { "/dev/null", csv, svg, true };
	struct error e = { 0 };

	(void)snprintf(csv, sizeof(csv), "%s/none/a.csv", dir);
	(void)snprintf(svg, sizeof(svg), "%s/a.svg", dir);
	assert_int_equal(outputs_write(&paths, &writers, text, "test", &e), OUTPUT_JSON | OUTPUT_CSV);
	assert_int_equal(e.err, ENOMEM); /* the first error */
	assert_int_equal(entries(), 1);
	remove_entry(svg);
}

TEST(text_makes_way_for_a_file_on_stdout)
{
	const struct output_paths csv = { NULL, "-", NULL, false }, none = { "x", NULL, NULL, false };

	assert_ptr_equal(outputs_text_stream(&csv), stderr);
	assert_ptr_equal(outputs_text_stream(&none), stdout);
}
