/*
 * How the arena is shared out.
 */
#include "driver.h"
#include "units.h"

uint64_t driver_slice_bytes(uint64_t arena_bytes, uint64_t leaf_bytes, uint32_t vcpus)
{
	/* An alias need not be a power of two. */
	uint64_t unit_bytes = max_u64(leaf_bytes, PAGE_4K);
	uint64_t share_bytes, slice_bytes;

	if (vcpus == 0)
		return 0;
	share_bytes = arena_bytes / vcpus;
	slice_bytes = share_bytes - share_bytes % unit_bytes;
	return slice_bytes > 0 ? slice_bytes : align_down(share_bytes, PAGE_4K);
}
