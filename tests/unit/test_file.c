/*
 * The property: file_read gives all bytes of a file, NUL bytes among them, and refuses each kind of path that is none
 * with an error of its own. It could break where a size is at the edge of a buffer that grows, where fstat() says 0
 * though there is text (/proc), and where opening a FIFO waits for ever.
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"
#include "vmm/util/file.h"

static char dir[] = "/tmp/minivmm-file-XXXXXX";

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) != NULL ? chdir(dir) : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	(void)unlink("file");
	(void)unlink("fifo");
	return chdir("/") != 0 || rmdir(dir) != 0 ? -1 : 0;
}

static int read_path(const char *path, enum file_kind kind, size_t max_bytes, char **text, size_t *bytes)
{
	int fd = file_open(path, false);
	int ret;

	assert_true(fd >= 0);
	ret = file_read(fd, kind, max_bytes, text, bytes);
	assert_int_equal(close(fd), 0);
	return ret;
}

/* Around the size of the first buffer and its double, with a NUL byte in the middle; and the limit, met and missed. */
TEST(all_bytes_of_any_size)
{
	static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, 131071, 131072, 131073 };
	static const enum file_kind kinds[] = { FILE_ANY, FILE_REGULAR };

	LOOP (size_t, i, 0, i < 2 * sizeof(sizes) / sizeof(sizes[0]), i++) {
		size_t size = sizes[i / 2], bytes = 1;
		char *written = calloc(size + 1, 1), *text;
		FILE *file = fopen("file", "we");

		assert_true(written != NULL && file != NULL);
		memset(written, 'x', size);
		written[size / 2] = '\0';
		assert_int_equal(fwrite(written, 1, size, file), size);
		assert_int_equal(fclose(file), 0);
		assert_int_equal(read_path("file", kinds[i % 2], size, &text, &bytes), 0);
		assert_int_equal(bytes, size);
		assert_memory_equal(text, written, size + 1);
		free(text);
		if (size != 0) {
			assert_int_equal(read_path("file", kinds[i % 2], size - 1, &text, &bytes), -EFBIG);
			assert_null(text);
			assert_int_equal(bytes, size);
		}
		free(written);
	}
}

TEST(what_is_no_file_is_refused)
{
	size_t bytes;
	char *text;

	assert_int_equal(file_open("missing", true), -ENOENT);
	assert_int_equal(read_path("/", FILE_ANY, 10, &text, &bytes), -EISDIR);
	assert_null(text);
	assert_int_equal(read_path("/", FILE_REGULAR, 10, &text, &bytes), -EISDIR);
	assert_int_equal(read_path("/dev/null", FILE_REGULAR, 10, &text, &bytes), -EINVAL);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(read_path("fifo", FILE_REGULAR, 10, &text, &bytes), -EINVAL);
	assert_int_equal(read_path("fifo", FILE_ANY, 10, &text, &bytes), 0);
	assert_int_equal(bytes, 0);
	free(text);
}

/* fstat() says 0 of it. */
TEST(proc_is_read)
{
	size_t bytes;
	char *text;

	assert_int_equal(read_path("/proc/self/status", FILE_ANY, 65536, &text, &bytes), 0);
	assert_true(bytes > 0 && strlen(text) == bytes && strstr(text, "Name:") != NULL);
	free(text);
}

TEST_GROUP(make_dir, remove_dir)
