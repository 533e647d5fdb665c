/*
 * Property: a file that is kept is read again without being opened, from its beginning, by several threads at once; one that
 * was not there stays away; a file of another root is never kept. It could break by a place in the file that threads share,
 * and by a second reader that finds the file at its end.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"
#include "vmm/host/sysfile.h"

static char file[] = "/tmp/minivmm-sysfile-XXXXXX";
/* As sysfile_read() takes it. */
#define PATH (file + 1)

static void put(const char *text)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(close(fd), 0);
}

static int make_file(void **state)
{
	int fd = mkstemp(file);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	sysfile_forget();
	return unlink(file) != 0 && errno != ENOENT ? -1 : 0;
}

TEST_GROUP(make_file, remove_file)

TEST(kept_is_read_again_without_its_name)
{
	char buf[64], *text;

	put("one\n");
	sysfile_keep(true);
	assert_int_equal(sysfile_read("", PATH, buf, sizeof(buf)), 4);
	assert_int_equal(sysfile_read("", "tmp/minivmm-nowhere", buf, sizeof(buf)), -ENOENT);
	assert_int_equal(sysfile_exists("", "proc/self"), KNOWN_YES);
	assert_int_equal(sysfile_exists("", "tmp/minivmm-nothing"), KNOWN_NO);
	sysfile_keep(false);
	put("another\n");
	assert_int_equal(sysfile_value("", PATH, buf, sizeof(buf)), 7);
	assert_string_equal(buf, "another");
	assert_int_equal(unlink(file), 0);
	assert_int_equal(sysfile_slurp("", PATH, 100, &text), 0);
	assert_string_equal(text, "another\n");
	free(text);
	/* Of another root it is another file, though its name is as long. */
	assert_int_equal(sysfile_read("/", PATH, buf, sizeof(buf)), -ENOENT);
	assert_int_equal(sysfile_read("", "tmp/minivmm-nowhere", buf, sizeof(buf)), -ENOENT);
	assert_int_equal(sysfile_exists("", "proc/self"), KNOWN_YES);
	assert_int_equal(sysfile_exists("", "tmp/minivmm-nothing"), KNOWN_NO);
	/* Read for the first time: not kept. */
	assert_true(sysfile_read("", "proc/version", buf, sizeof(buf)) > 0);
	sysfile_forget();
	assert_int_equal(sysfile_read("", PATH, buf, sizeof(buf)), -ENOENT);
}

static void *read_often(void *wrong)
{
	for (int i = 0; i < 2000; i++) {
		char *text = NULL;

		if (sysfile_slurp("", PATH, 1000, &text) != 0 || strcmp(text, "the same for all") != 0)
			*(int *)wrong = 1;
		free(text);
	}
	return NULL;
}

TEST(threads_do_not_share_a_place)
{
	pthread_t threads[4];
	int wrong[4] = { 0 };
	char buf[64];

	put("the same for all");
	sysfile_keep(true);
	assert_true(sysfile_read("", PATH, buf, sizeof(buf)) > 0);
	sysfile_keep(false);
	EACH (i, threads) {
		assert_int_equal(pthread_create(&threads[i], NULL, read_often, &wrong[i]), 0);
	}
	EACH (i, threads) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(wrong[i], 0);
	}
	sysfile_forget();
}
