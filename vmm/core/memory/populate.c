#include "vmm/core/memory/populate.h"

#include <errno.h>
#include <sys/mman.h>

/* Linux 5.14; the C library's headers may be older. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/*
 * Older kernels: mlock populates, and reports what it cannot get instead of killing us, on every kind of mapping
 * and from any thread. fallocate would do for shared files only, and touching would need a SIGBUS handler for the
 * whole process. Its price is RLIMIT_MEMLOCK (root is exempt).
 */
static int populate_by_mlock(void *hva, uint64_t bytes)
{
	int err;

	if (mlock(hva, bytes) == 0)
		return munlock(hva, bytes) == 0 ? 0 : -errno;
	err = errno;
	/* A part may be locked already. */
	(void)munlock(hva, bytes);
	return -err;
}

int populate_range(void *hva, uint64_t bytes)
{
	for (;;) {
		if (madvise(hva, bytes, MADV_POPULATE_WRITE) == 0)
			return 0;
		if (errno == EINVAL)
			return populate_by_mlock(hva, bytes);
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
}
