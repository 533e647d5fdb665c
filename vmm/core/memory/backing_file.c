#include "vmm/core/memory/backing.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "units.h"

#define HOW_TO_MOUNT "mkdir -p /dev/hugepages && mount -t hugetlbfs -o pagesize=2M none /dev/hugepages"

/* The directory that will hold the file: path itself, or where path would be. */
static int holding_directory(const char *path, char *dir, size_t size, struct error *e)
{
	struct stat st;
	const char *slash;
	int n = snprintf(dir, size, "%s", path);

	if (n <= 0 || (size_t)n >= size)
		return error_set(e, STATUS_FAILED, n <= 0 ? ENOENT : ENAMETOOLONG, "--mem-path",
				 "the path is %s", n <= 0 ? "empty" : "too long");
	if (stat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return 0;
		(void)error_set(e, STATUS_FAILED, EEXIST, path,
				"--mem-path %s exists already and is not a directory", path);
		return error_hint(
			e,
			"name its directory, or a file that does not exist yet: guest RAM never overwrites "
			"a file");
	}
	if (errno != ENOENT) {
		int err = errno;

		return error_set(e, STATUS_FAILED, err, path, "--mem-path %s: %s", path, strerror(err));
	}
	slash = strrchr(path, '/');
	if (slash == NULL)
		(void)snprintf(dir, size, ".");
	else
		dir[slash == path ? 1 : slash - path] = '\0';
	if (stat(dir, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	(void)error_set(e, STATUS_FAILED, ENOENT, path, "--mem-path %s: neither it nor its directory exists",
			path);
	return error_hint(e, HOW_TO_MOUNT);
}

/* /dev itself is a tmpfs: where nothing is mounted on /dev/hugepages, that name would silently mean 4K pages. */
static int refuse_dev(const char *path, const char *dir, struct error *e)
{
	struct stat holder, dev;

	if (stat(dir, &holder) != 0 || stat("/dev", &dev) != 0 || holder.st_dev != dev.st_dev)
		return 0;
	(void)error_set(e, STATUS_FAILED, ENOENT, path,
			"--mem-path %s: nothing is mounted there; it would be 4K pages in /dev", path);
	return error_hint(e, HOW_TO_MOUNT);
}

int backing_file_page_bytes(const char *path, uint64_t *page_bytes, struct error *e)
{
	char dir[PATH_MAX];
	struct statfs fs;
	int ret;

	if (path == NULL)
		return error_set(e, STATUS_USAGE, EINVAL, "--mem-path", "a file backing needs a path");
	ret = holding_directory(path, dir, sizeof(dir), e);
	if (ret != 0)
		return ret;
	if (statfs(dir, &fs) != 0) {
		int err = errno;

		return error_set(e, STATUS_FAILED, err, path, "statfs %s: %s", dir, strerror(err));
	}
	if (fs.f_type == HUGETLBFS_MAGIC) {
		*page_bytes = (uint64_t)fs.f_bsize;
	} else if (fs.f_type == TMPFS_MAGIC) {
		*page_bytes = PAGE_4K;
		return refuse_dev(path, dir, e);
	} else {
		(void)error_set(e, STATUS_FAILED, EINVAL, path,
				"--mem-path %s is neither on hugetlbfs nor on tmpfs (file system type 0x%lx)",
				path, (unsigned long)fs.f_type);
		return error_hint(e, HOW_TO_MOUNT);
	}
	return 0;
}

/* Older hugetlbfs has no O_TMPFILE: a unique name, gone again before anything is written. */
static int open_and_unlink(const char *dir)
{
	char name[PATH_MAX];
	int n = snprintf(name, sizeof(name), "%s/minivmm-XXXXXX", dir);
	int fd;

	if (n < 0 || (size_t)n >= sizeof(name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0 && unlink(name) != 0) {
		int err = errno;

		(void)close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

static int open_path(const struct backing_spec *spec, struct error *e)
{
	char dir[PATH_MAX];
	int ret = holding_directory(spec->path, dir, sizeof(dir), e);
	int fd, err;

	if (ret != 0)
		return ret;
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
		fd = open_and_unlink(dir);
	if (fd >= 0)
		return fd;
	err = errno;
	(void)error_set(e, STATUS_FAILED, err, spec->path, "cannot create a file in %s: %s", dir,
			strerror(err));
	if (err == EACCES || err == EPERM)
		error_hint(e, "run as root, or mount it writable for you: mount -t hugetlbfs -o "
			      "uid=$(id -u),mode=0700 none DIR");
	else if (err == EROFS)
		error_hint(e, "mount -o remount,rw %s", dir);
	return -err;
}

static int open_memfd(const struct backing_spec *spec, struct error *e)
{
	unsigned int flags = MFD_CLOEXEC;
	int fd, err;

	if (spec->page_bytes > PAGE_4K)
		flags |= MFD_HUGETLB | (unsigned int)__builtin_ctzll(spec->page_bytes) << MFD_HUGE_SHIFT;
	fd = memfd_create("minivmm-ram", flags);
	if (fd >= 0)
		return fd;
	err = errno;
	return error_set(e, STATUS_FAILED, err, "memfd_create", "no memfd of %s pages: %s",
			 backing_page_name(spec->page_bytes), strerror(err));
}

int backing_file_open(const struct backing_spec *spec, struct error *e)
{
	int fd = spec->kind == BACKING_MEMFD ? open_memfd(spec, e) : open_path(spec, e);
	int err;

	if (fd < 0)
		return fd;
	if (spec->bytes <= INT64_MAX && ftruncate(fd, (off_t)spec->bytes) == 0)
		return fd;
	err = spec->bytes > INT64_MAX ? EFBIG : errno;
	(void)close(fd);
	return error_set(e, STATUS_FAILED, err, "ftruncate", "a file of %" PRIu64 " MiB: %s",
			 spec->bytes / MIB, strerror(err));
}

int backing_file_check_mount(const struct backing_spec *spec, int fd, struct error *e)
{
	struct statfs fs;
	uint64_t free_bytes, used_bytes;

	/* Without a limit f_blocks is 0 (tmpfs) or all ones (hugetlbfs). A memfd's mount has none. */
	if (fd < 0 || spec->kind != BACKING_FILE || fstatfs(fd, &fs) != 0 || fs.f_blocks == 0 ||
	    fs.f_blocks >= INT64_MAX || !checked_mul(fs.f_bavail, (uint64_t)fs.f_bsize, &free_bytes) ||
	    free_bytes >= spec->bytes)
		return 0;
	(void)error_set(e, STATUS_FAILED, ENOSPC, spec->path,
			"%" PRIu64 " MiB do not fit the mount at %s, whose size limit leaves %" PRIu64 " MiB",
			spec->bytes / MIB, spec->path, free_bytes / MIB);
	used_bytes = (fs.f_blocks - min_u64(fs.f_bavail, fs.f_blocks)) * (uint64_t)fs.f_bsize;
	return error_hint(e, "mount -o remount,size=%" PRIu64 "M %s",
			  (used_bytes + spec->bytes + MIB - 1) / MIB, spec->path);
}
