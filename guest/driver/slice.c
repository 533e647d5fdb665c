/*
 * How the arena is shared out.
 */
#include "driver.h"
#include "units.h"

uint64_t driver_slice_bytes(uint64_t arena_bytes, uint64_t leaf_bytes, uint32_t vcpus)
{
	uint64_t share_bytes, slice_bytes;

	if (vcpus == 0)
		return 0;
	share_bytes = arena_bytes / vcpus;
	slice_bytes = is_pow2(leaf_bytes) ? align_down(share_bytes, max_u64(leaf_bytes, PAGE_4K)) : 0;
	return slice_bytes > 0 ? slice_bytes : align_down(share_bytes, PAGE_4K);
}
