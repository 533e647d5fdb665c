#include "vmm/machine/config.h"

#include <errno.h>

#include "units.h"
#include "vmm/cli/size.h"
#include "vmm/machine/note.h"
#include "vmm/machine/steps.h"

/* RAM in whole backing pages. */
static int round_memory(const struct request *r, uint64_t page_bytes, struct config *c, struct error *e)
{
	char asked[24], page[24], rounded[24];

	if (!is_pow2(page_bytes) || page_bytes < PAGE_4K)
		return error_set(e, STATUS_FAILED, EINVAL, "machine", "the backing has no usable page size");
	if (!checked_align_up(r->memory_bytes, page_bytes, &c->ram_bytes))
		return error_set(e, STATUS_USAGE, 0, "--memory", "%s is more than 64 bits can count",
				 size_format(r->memory_bytes, asked));
	if (c->ram_bytes != r->memory_bytes)
		note_add(c, "memory of %s rounded up to %s, whole pages of %s",
			 size_format(r->memory_bytes, asked), size_format(c->ram_bytes, rounded),
			 size_format(page_bytes, page));
	c->page_bytes = page_bytes;
	c->vcpus = r->vcpus;
	c->seed = r->seed;
	return 0;
}

int config_make(const struct request *r, uint64_t page_bytes, struct config *c, struct error *e)
{
	int ret;

	*c = (struct config){ 0 };
	ret = round_memory(r, page_bytes, c, e);
	if (ret != 0)
		return ret;
	if (c->vcpus == 0 || c->vcpus > GUEST_MAX_VCPUS)
		return error_set(e, STATUS_USAGE, 0, "--smp", "%u: 1 to %u vCPUs are supported by this guest",
				 c->vcpus, GUEST_MAX_VCPUS);
	c->guest_page_bytes = r->guest_page_bytes;
	ret = memmap_make(c->ram_bytes, page_bytes, c->guest_page_bytes, &c->map, e);
	if (ret != 0)
		return ret;
	if (c->ram_bytes > c->map.arena_bytes && c->map.arena_bytes == 512 * GIB)
		note_add(c, "the arena stops at 512G, one PML4 slot of the guest");
	return steps_make(r, c, e);
}

int config_make_native(const struct request *r, uint64_t page_bytes, struct config *c, struct error *e)
{
	int ret;

	*c = (struct config){ 0 };
	ret = round_memory(r, page_bytes, c, e);
	if (ret != 0)
		return ret;
	if (c->vcpus == 0)
		return error_set(e, STATUS_USAGE, 0, "--smp", "at least one thread is needed");
	c->guest_page_bytes = page_bytes;
	c->map.range_count = 1;
	c->map.ranges[0].bytes = c->ram_bytes;
	c->map.arena_bytes = c->ram_bytes;
	return steps_make(r, c, e);
}
