#include "vmm/lab/explain/host_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "units.h"
#include "vmm/host/sysfile.h"

/* As observe_backing(): what 65,530 VMAs may take. */
#define SMAPS_MAX_BYTES (128 * MIB)

/* As in Linux 6.7's <linux/fs.h>; Debian 12's headers are older. */
struct scan_region {
	uint64_t start, end;
	uint64_t categories;
};
struct scan_argument {
	uint64_t size, flags, start, end, walk_end, regions, region_count, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define MINIVMM_PAGEMAP_SCAN _IOWR('f', 16, struct scan_argument)
#define SCAN_PRESENT (UINT64_C(1) << 3)
#define SCAN_HUGE (UINT64_C(1) << 6)

_Static_assert(sizeof(struct scan_argument) == 12 * 8,
	       "as the kernel has it: a whole argument of 64-bit words");

static int read_pagemap(void *self, uint64_t hva, uint64_t *entry)
{
	const int *fd = self;
	ssize_t got;

	if (*fd < 0)
		return *fd;
	got = pread(*fd, entry, sizeof(*entry), (off_t)(hva / PAGE_4K * sizeof(*entry)));
	if (got < 0)
		return -errno;
	return got == sizeof(*entry) ? 0 : -ENODATA;
}

static int scan_page(void *self, uint64_t hva, bool *huge)
{
	const int *fd = self;
	struct scan_region region = { 0 };
	struct scan_argument argument = {
		.size = sizeof(argument),
		.start = align_down(hva, PAGE_4K),
		.end = align_down(hva, PAGE_4K) + PAGE_4K,
		.regions = (uint64_t)(uintptr_t)&region,
		.region_count = 1,
		.category_mask = SCAN_PRESENT,
		.return_mask = SCAN_PRESENT | SCAN_HUGE,
	};
	int count;

	if (*fd < 0)
		return *fd;
	count = ioctl(*fd, MINIVMM_PAGEMAP_SCAN, &argument);
	if (count < 0)
		return -errno;
	if (count == 0)
		return -ENODATA;
	*huge = (region.categories & SCAN_HUGE) != 0;
	return 0;
}

/* The kernel copies, so a page that cannot be had is an errno and no SIGBUS. */
static int copy_memory(void *self, uint64_t hva, void *to, size_t bytes)
{
	struct iovec local = { .iov_base = to, .iov_len = bytes };
	struct iovec remote = { .iov_base = (void *)(uintptr_t)hva, .iov_len = bytes };
	ssize_t got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);

	(void)self;
	if (got < 0)
		return -errno;
	return (size_t)got == bytes ? 0 : -EFAULT;
}

static int read_smaps(void *self, char **text)
{
	(void)self;
	return sysfile_slurp("", "proc/self/smaps", SMAPS_MAX_BYTES, text);
}

void host_pages_open(struct host_pages *pages, int *fd)
{
	*fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		*fd = -errno;
	*pages = (struct host_pages){ .self = fd,
				      .pagemap = read_pagemap,
				      .scan = scan_page,
				      .copy = copy_memory,
				      .smaps = read_smaps };
}

void host_pages_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -EBADF;
}
