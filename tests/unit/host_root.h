/*
 * A host's /proc and /sys in a temporary directory, for tests that change one file at a time.
 */
#ifndef TESTS_HOST_ROOT_H
#define TESTS_HOST_ROOT_H

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HOST_ROOT_BYTES 64

static inline void host_root_make(char root[HOST_ROOT_BYTES])
{
	(void)snprintf(root, HOST_ROOT_BYTES, "/tmp/minivmm-host-XXXXXX");
	assert_non_null(mkdtemp(root));
}

/* Write root/path, with its directories. */
static inline void host_root_put_bytes(const char *root, const char *path, const void *content, size_t bytes)
{
	char full[512];
	FILE *f;
	int n = snprintf(full, sizeof(full), "%s/%s", root, path);

	assert_in_range(n, 1, sizeof(full) - 1);
	for (char *p = full + strlen(root) + 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		(void)mkdir(full, 0700);
		*p = '/';
	}
	f = fopen(full, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(content, 1, bytes, f), bytes);
	assert_int_equal(fclose(f), 0);
}

static inline void host_root_put(const char *root, const char *path, const char *text)
{
	host_root_put_bytes(root, path, text, strlen(text));
}

/* rm goes down in steps: paths may be longer than one call takes, which nftw(3) does not survive. */
static inline void host_root_remove(const char *root)
{
	char rm[] = "rm", all[] = "-r", path[HOST_ROOT_BYTES];
	char *const argv[] = { rm, all, path, NULL };
	int status;
	pid_t pid;

	(void)snprintf(path, sizeof(path), "%s", root);
	assert_int_equal(posix_spawnp(&pid, rm, NULL, NULL, argv, environ), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#endif
