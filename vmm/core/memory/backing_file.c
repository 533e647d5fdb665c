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
#include "vmm/host/mount.h"
#include "vmm/util/text.h"

/* Of a hint; a longer one is left out. */
#define COMMAND_BYTES 640

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

/* A memfd has the same pages, shared as a file's are, and no mount whose limits could be short. */
static int put_mount_cure(const struct mount_room *room, const char *command, struct error *e)
{
	const char *page = backing_page_name(room->page_bytes);

	if (command[0] == '\0')
		return error_hint(e, "--backing memfd --page-size %s", page);
	return error_hint(e, "%s  # or without a mount: --backing memfd --page-size %s", command, page);
}

/* An empty file takes no page, so what a full mount has run out of is its number of files. */
static int explain_open(const char *dir, int err, struct error *e)
{
	struct mount_room *room = calloc(1, sizeof(*room));
	char command[COMMAND_BYTES] = "", word[PATH_MAX + 8];

	if (room != NULL && mount_read(dir, room) == 0) {
		if (err == ENOSPC)
			mount_inodes_command(room, command, sizeof(command));
		if (err == EROFS)
			(void)error_hint(e, "mount -o remount,rw %s",
					 shell_word(room->path, word, sizeof(word)));
		else if (err == ENOSPC || err == EACCES || err == EPERM)
			(void)put_mount_cure(room, command, e);
	}
	free(room);
	return -err;
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
	return explain_open(dir, err, e);
}

/* Linux 6.3; the C library's headers may be older. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/* A kernel that does not know a flag refuses it. Files of huge pages can be sealed from Linux 4.16 on. */
static int open_memfd(const struct backing_spec *spec, struct error *e)
{
	static const unsigned int tries[] = { MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL, MFD_ALLOW_SEALING, 0 };
	unsigned int flags = MFD_CLOEXEC;
	int fd = -1, err = EINVAL;

	if (spec->page_bytes > PAGE_4K)
		flags |= MFD_HUGETLB | (unsigned int)__builtin_ctzll(spec->page_bytes) << MFD_HUGE_SHIFT;
	for (size_t i = 0; fd < 0 && err == EINVAL && i < COUNT_OF(tries); i++) {
		fd = memfd_create("minivmm-ram", flags | tries[i]);
		err = errno;
	}
	if (fd >= 0)
		return fd;
	return error_set(e, STATUS_FAILED, err, "memfd_create", "no memfd of %s pages: %s",
			 backing_page_name(spec->page_bytes), strerror(err));
}

/*
 * Whoever gets hold of the descriptor (/proc/PID/fd) cannot change the size any more: a page that a truncation takes away
 * would be a SIGBUS. F_SEAL_WRITE and F_SEAL_FUTURE_WRITE would forbid MADV_REMOVE, too (shmem_fallocate and
 * hugetlbfs_punch_hole in Linux 6.18), by which workloads take pages away. A file of a mount cannot be sealed.
 */
#define SIZE_SEALS (F_SEAL_SHRINK | F_SEAL_GROW)

bool backing_file_is_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & SIZE_SEALS) == SIZE_SEALS;
}

int backing_file_open(const struct backing_spec *spec, struct error *e)
{
	int fd = spec->kind == BACKING_MEMFD ? open_memfd(spec, e) : open_path(spec, e);
	int err;

	if (fd < 0)
		return fd;
	if (spec->bytes <= INT64_MAX && ftruncate(fd, (off_t)spec->bytes) == 0) {
		/* Where it cannot be sealed the record says so. */
		if (spec->kind == BACKING_MEMFD)
			(void)fcntl(fd, F_ADD_SEALS, SIZE_SEALS | F_SEAL_SEAL);
		return fd;
	}
	err = spec->bytes > INT64_MAX ? EFBIG : errno;
	(void)close(fd);
	return error_set(e, STATUS_FAILED, err, "ftruncate", "a file of %" PRIu64 " MiB: %s",
			 spec->bytes / MIB, strerror(err));
}

/* The mount that the file lies or will lie on; NULL where it has none of its own, or cannot be read. */
static struct mount_room *read_mount(const struct backing_spec *spec)
{
	/* Two names of any length are too large for a thread's stack. */
	struct mount_room *room = spec->kind == BACKING_FILE ? calloc(1, sizeof(*room)) : NULL;
	struct error ignored = { .status = STATUS_OK };
	char dir[PATH_MAX];

	if (room == NULL ||
	    (holding_directory(spec->path, dir, sizeof(dir), &ignored) == 0 && mount_read(dir, room) == 0))
		return room;
	free(room);
	return NULL;
}

uint64_t backing_file_held_bytes(const struct backing_spec *spec)
{
	struct mount_room *room = read_mount(spec);
	uint64_t held_bytes = room != NULL ? room->held_bytes : 0;

	free(room);
	return held_bytes;
}

int backing_file_check_mount(const struct backing_spec *spec, uint64_t bytes, uint64_t own_bytes,
			     struct error *e)
{
	struct mount_room *room = read_mount(spec);
	char command[COMMAND_BYTES];

	/* A mount that cannot be read is not refused anything. */
	if (room == NULL || room->size_bytes == MOUNT_UNLIMITED || room->free_bytes + own_bytes >= bytes) {
		free(room);
		return 0;
	}
	(void)error_set(e, STATUS_FAILED, ENOSPC, spec->path,
			"%" PRIu64 " MiB do not fit the mount at %s, whose size limit leaves %" PRIu64 " MiB",
			bytes / MIB, room->path[0] != '\0' ? room->path : spec->path,
			(room->free_bytes + own_bytes) / MIB);
	mount_size_command(room, spec->bytes, own_bytes, command, sizeof(command));
	(void)put_mount_cure(room, command, e);
	free(room);
	return -ENOSPC;
}
