/*
 * The products of a command. A file is made in memory, written beside its place, and moved there when whole.
 */
#include "vmm/output/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/util/cause.h"

#define TEMPORARY_NAMES 100

static int fail(struct error *e, int err, const char *call, const char *path)
{
	char where[96];

	(void)snprintf(where, sizeof(where), "%s %s", call, path);
	(void)error_set(e, STATUS_FAILED, err, where, "%s could not be written", path);
	return error_cause(e, "output", 0, path);
}

static int write_all(int fd, const char *data, size_t bytes)
{
	while (bytes != 0) {
		ssize_t done = write(fd, data, bytes);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		data += done;
		bytes -= (size_t)done;
	}
	return 0;
}

bool output_is_direct(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return true;
	return (strncmp(path, "/dev/", 5) == 0 && strncmp(path, "/dev/shm/", 9) != 0) ||
	       strncmp(path, "/proc/", 6) == 0;
}

static int write_direct(const char *path, const char *data, size_t bytes, struct error *e)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY), ret;

	if (fd < 0)
		return fail(e, errno, "open", path);
	ret = write_all(fd, data, bytes);
	if (close(fd) != 0 && ret == 0)
		ret = -errno;
	return ret == 0 ? 0 : fail(e, -ret, "write", path);
}

/* Keep the mode of a file that is replaced; write, and reach the disk before the name does. */
static int fill(int fd, const char *target, const char *data, size_t bytes)
{
	struct stat st;
	int ret;

	if (stat(target, &st) == 0 && fchmod(fd, st.st_mode & 0777) != 0)
		return -errno;
	ret = write_all(fd, data, bytes);
	if (ret == 0 && fsync(fd) != 0)
		ret = -errno;
	return ret;
}

/* A file of its own in the directory of the target. Its name is short, however long the target's is. */
static int open_beside(const char *target, char **temporary)
{
	const char *slash = strrchr(target, '/');
	int dir_bytes = slash != NULL ? (int)(slash - target) + 1 : 0, fd = -1;

	/* Another container's process may have the same pid, and a killed one may have left its file. */
	for (int attempt = 0; attempt < TEMPORARY_NAMES; attempt++) {
		if (asprintf(temporary, "%.*s.minivmm-%ld-%d.tmp", dir_bytes, target, (long)getpid(),
			     attempt) < 0) {
			*temporary = NULL;
			return -ENOMEM;
		}
		/* O_EXCL: never follow a link that is there already. */
		fd = open(*temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd >= 0)
			return fd;
		free(*temporary);
		*temporary = NULL;
		if (errno != EEXIST)
			break;
	}
	return -errno;
}

static int replace(const char *target, const char *data, size_t bytes, struct error *e)
{
	char *temporary;
	int fd = open_beside(target, &temporary), ret;

	if (temporary == NULL)
		return fail(e, -fd, "open", target);
	ret = fill(fd, target, data, bytes);
	if (close(fd) != 0 && ret == 0)
		ret = -errno;
	if (ret != 0)
		(void)fail(e, -ret, "write", target);
	else if (rename(temporary, target) != 0)
		ret = fail(e, errno, "rename", target);
	if (ret != 0)
		(void)unlink(temporary);
	free(temporary);
	return ret;
}

/* A symbolic link stays a link: the file that it names is replaced. */
static int write_beside(const char *path, const char *data, size_t bytes, struct error *e)
{
	char *resolved = realpath(path, NULL);
	int ret = replace(resolved != NULL ? resolved : path, data, bytes, e);

	free(resolved);
	return ret;
}

static int write_stdout(const char *data, size_t bytes, struct error *e)
{
	if (fwrite(data, 1, bytes, stdout) != bytes || fflush(stdout) != 0)
		return fail(e, errno, "write", "stdout");
	return 0;
}

int stream_finish(FILE *stream)
{
	if (fflush(stream) != 0)
		return -errno;
	return ferror(stream) != 0 ? -EIO : 0;
}

int output_check(const char *path, struct error *e)
{
	char *resolved, *dir, *slash;
	struct stat st = { 0 };
	int ret = 0;

	if (strcmp(path, "-") == 0)
		return 0;
	if (stat(path, &st) != 0 && errno == ENAMETOOLONG)
		return fail(e, errno, "stat", path);
	if (S_ISDIR(st.st_mode))
		return fail(e, EISDIR, "open", path);
	if (output_is_direct(path))
		return access(path, W_OK) == 0 ? 0 : fail(e, errno, "open", path);
	/* What has to be writable is the directory: the record is moved into it. */
	resolved = realpath(path, NULL);
	dir = resolved != NULL ? resolved : strdup(path);
	if (dir == NULL)
		return fail(e, ENOMEM, "strdup", path);
	slash = strrchr(dir, '/');
	if (slash != NULL)
		slash[slash == dir ? 1 : 0] = '\0';
	if (access(slash != NULL ? dir : ".", W_OK | X_OK) != 0)
		ret = fail(e, errno, "open", path);
	free(dir);
	return ret;
}

int output_put(const char *path, const char *data, size_t bytes, struct error *e)
{
	if (strcmp(path, "-") == 0)
		return write_stdout(data, bytes, e);
	return output_is_direct(path) ? write_direct(path, data, bytes, e)
				      : write_beside(path, data, bytes, e);
}

int output_file(const char *path, int (*write)(const void *product, FILE *out), const void *product,
		struct error *e)
{
	char *data = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&data, &bytes);
	int ret;

	if (memory == NULL)
		return fail(e, errno, "open_memstream", path);
	ret = write(product, memory);
	if (fclose(memory) != 0 && ret == 0)
		ret = -errno;
	ret = ret != 0 ? fail(e, -ret, "format", path) : output_put(path, data, bytes, e);
	free(data);
	return ret;
}

int outputs_check(const struct output_paths *paths, struct error *e)
{
	const char *const files[] = { paths->json, paths->csv, paths->svg };
	int ret = 0;

	for (int i = 0; i < 3 && ret == 0; i++)
		ret = files[i] != NULL ? output_check(files[i], e) : 0;
	return ret;
}

static bool is_stdout(const char *path)
{
	return path != NULL && strcmp(path, "-") == 0;
}

FILE *outputs_text_stream(const struct output_paths *paths)
{
	return is_stdout(paths->json) || is_stdout(paths->csv) || is_stdout(paths->svg) ? stderr : stdout;
}

static int write_text(const struct output_paths *paths, int (*write)(const void *, FILE *),
		      const void *product, const char *command, struct error *e)
{
	FILE *out = outputs_text_stream(paths);
	int ret = write(product, out);

	if (ret == 0)
		ret = stream_finish(out);
	if (ret == 0)
		return 0;
	if (command == NULL)
		command = out == stderr ? "stderr" : "stdout";
	return error_set(e, STATUS_FAILED, -ret, command, "cannot write");
}

int outputs_write(const struct output_paths *paths, const struct output_writers *writers, const void *product,
		  const char *command, struct error *e)
{
	int failed = 0;

	if (!paths->quiet && write_text(paths, writers->text, product, command, e) != 0)
		failed |= OUTPUT_TEXT;
	if (paths->json != NULL && output_file(paths->json, writers->json, product, e) != 0)
		failed |= OUTPUT_JSON;
	if (paths->csv != NULL && output_file(paths->csv, writers->csv, product, e) != 0)
		failed |= OUTPUT_CSV;
	if (paths->svg != NULL && output_file(paths->svg, writers->svg, product, e) != 0)
		failed |= OUTPUT_SVG;
	return failed;
}
