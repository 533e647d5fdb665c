/*
 * Landlock (Documentation/userspace-api/landlock.rst, <linux/landlock.h>): no file is written, made or run; those below /proc and
 * /sys are read. By numbers of its own, as Debian 12's headers know the first version only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "units.h"
#include "vmm/core/sandbox/sandbox.h"

#define LANDLOCK_CREATE 444
#define LANDLOCK_ADD 445
#define LANDLOCK_RESTRICT 446
#define ASK_VERSION 1U
#define PATH_BENEATH 1

#define READ_FILE (UINT64_C(1) << 2)
#define READ_DIRECTORY (UINT64_C(1) << 3)

/* The version 6 of the ABI; older kernels take its beginning. */
struct ruleset {
	uint64_t files, network, scope;
};

struct beneath {
	uint64_t allowed;
	int32_t directory;
} __attribute__((packed));

/* What each version of the ABI knows: of files, of TCP ports, of other processes. */
static const struct ruleset known[] = {
	{ (UINT64_C(1) << 13) - 1, 0, 0 }, /* 1: Linux 5.13 */
	{ (UINT64_C(1) << 14) - 1, 0, 0 }, /* 2: 5.19, REFER */
	{ (UINT64_C(1) << 15) - 1, 0, 0 }, /* 3: 6.2, TRUNCATE */
	{ (UINT64_C(1) << 15) - 1, 3, 0 }, /* 4: 6.7, bind and connect */
	{ (UINT64_C(1) << 16) - 1, 3, 0 }, /* 5: 6.10, ioctl of devices */
	{ (UINT64_C(1) << 16) - 1, 3, 3 }, /* 6: 6.12, abstract sockets and signals of others */
};

static int allow_reading(int ruleset, const char *directory)
{
	struct beneath rule = { READ_FILE | READ_DIRECTORY,
				open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC) };
	int ret;

	/* A host without one of them, then: nothing is to be read there. */
	if (rule.directory < 0)
		return errno == ENOENT ? 0 : -errno;
	ret = syscall(LANDLOCK_ADD, ruleset, PATH_BENEATH, &rule, 0) == 0 ? 0 : -errno;
	(void)close(rule.directory);
	return ret;
}

int landlock_confine(void)
{
	long version = syscall(LANDLOCK_CREATE, NULL, 0, ASK_VERSION);
	struct ruleset rules;
	int fd, ret;

	/* ENOSYS: a kernel without; EOPNOTSUPP: it was not switched on at boot. */
	if (version <= 0)
		return version == 0 || errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -errno;
	rules = known[min_u64((uint64_t)version, COUNT_OF(known)) - 1];
	/* A kernel may not know the end of the structure: it is 0 then, which it takes (copy_struct_from_user). */
	fd = (int)syscall(LANDLOCK_CREATE, &rules, sizeof(rules), 0);
	if (fd < 0)
		return -errno;
	ret = allow_reading(fd, "/proc");
	if (ret == 0)
		ret = allow_reading(fd, "/sys");
	if (ret == 0 &&
	    (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(LANDLOCK_RESTRICT, fd, 0) != 0))
		ret = -errno;
	(void)close(fd);
	return ret != 0 ? ret : (int)version;
}
