/*
 * The property: file_read gives all bytes of a file, NUL bytes among them, and refuses each kind of path that is none
 * with an error of its own. It could break where a size is at the edge of a buffer that grows, where fstat() says 0
 * though there is text (/proc), and where opening a FIFO waits for ever.
 */
#include <errno.h>
#include <fcntl.h>
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
	assert_int_equal(read_path("/dev/null", FILE_REGULAR, 10, &text, &bytes), -EOPNOTSUPP);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(read_path("fifo", FILE_REGULAR, 10, &text, &bytes), -EOPNOTSUPP);
	assert_int_equal(read_path("fifo", FILE_ANY, 10, &text, &bytes), 0);
	assert_int_equal(bytes, 0);
	free(text);
	assert_int_equal(unlink("fifo"), 0);
}

/* A FIFO that nobody writes into, or not to its end, is waited for as long as said; what was written before is read. */
TEST(a_fifo_is_not_waited_for_without_end)
{
	char *text, byte = 'a';
	int fd, writer, ends[2];
	size_t bytes;

	assert_int_equal(mkfifo("fifo", 0600), 0);
	fd = file_open("fifo", true);
	assert_true(fd >= 0);
	assert_int_equal(file_read(fd, FILE_ANY, 10, &text, &bytes), -ETIMEDOUT);
	assert_null(text);
	assert_non_null(strstr(file_why(-ETIMEDOUT), "for 5 s"));
	assert_string_equal(file_why(-EIO), "");
	writer = open("fifo", O_WRONLY);
	assert_int_equal(write(writer, &byte, 1), 1);
	assert_int_equal(file_fill(fd, &byte, 2), -ETIMEDOUT);
	assert_int_equal(write(writer, &byte, 1), 1);
	assert_int_equal(close(writer), 0);
	assert_int_equal(file_read(fd, FILE_ANY, 10, &text, &bytes), 0);
	assert_int_equal(bytes, 1);
	free(text);
	assert_int_equal(close(fd), 0);

	/* `<(true)` of a shell: nothing, and nobody who could write. */
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(close(ends[1]), 0);
	assert_int_equal(file_read(ends[0], FILE_ANY, 10, &text, &bytes), 0);
	assert_int_equal(bytes, 0);
	free(text);
	assert_int_equal(close(ends[0]), 0);
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
