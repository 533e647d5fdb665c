#include "vmm/core/memory/observe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/host/sysfile.h"

/* 65,530 VMAs, the kernel's default limit, are some 50 MiB of smaps. */
#define MAPS_MAX_BYTES (128 * MIB)

int observe_backing(const char *root, const struct backing *b, struct observed_memory *out, struct error *e)
{
	const uint64_t start_hva = (uint64_t)(uintptr_t)b->hva;
	const uint64_t end_hva = start_hva + b->spec.bytes;
	char *text = NULL;
	int ret;

	memset(out, 0, sizeof(*out));
	if (b->hva == NULL)
		return error_set(e, STATUS_FAILED, EINVAL, "/proc/self/smaps", "nothing is mapped");
	ret = sysfile_slurp(root, "proc/self/smaps", MAPS_MAX_BYTES, &text);
	if (ret == 0)
		ret = observe_parse_smaps(text, start_hva, end_hva, out);
	free(text);
	if (ret != 0) {
		(void)error_set(e, STATUS_FAILED, -ret, "/proc/self/smaps",
				"cannot see what the kernel mapped: %s", strerror(-ret));
		if (ret == -ENOENT)
			error_hint(e, "mount -t proc proc /proc");
		return ret;
	}
	ret = sysfile_slurp(root, "proc/self/numa_maps", MAPS_MAX_BYTES, &text);
	/* A kernel without NUMA has no such file: then no node is claimed. */
	if (ret == -ENOENT)
		return 0;
	if (ret == 0)
		ret = observe_parse_numa_maps(text, start_hva, end_hva, out);
	free(text);
	if (ret != 0)
		return error_set(e, STATUS_FAILED, -ret, "/proc/self/numa_maps",
				 "cannot see where the pages are: %s", strerror(-ret));
	return 0;
}
