#include "vmm/core/plan/config.h"

#include <errno.h>
#include <inttypes.h>

#include "layout.h"
#include "units.h"
#include "vmm/util/size.h"

/* RAM in whole backing pages. */
static int round_memory(const struct machine_spec *asked, uint64_t page_bytes, struct config *c,
			struct error *e)
{
	char wanted[24], page[24], rounded[24];

	if (!is_pow2(page_bytes) || page_bytes < PAGE_4K)
		return error_set(e, STATUS_FAILED, EINVAL, "machine", "the backing has no usable page size");
	if (!checked_align_up(asked->memory_bytes, page_bytes, &c->ram_bytes))
		return error_set(e, STATUS_USAGE, 0, "--memory", "%s is more than 64 bits can count",
				 size_format(asked->memory_bytes, wanted));
	if (c->ram_bytes != asked->memory_bytes && asked->alias_bytes == 0)
		note_add(c, "memory of %s rounded up to %s, whole pages of %s",
			 size_format(asked->memory_bytes, wanted), size_format(c->ram_bytes, rounded),
			 size_format(page_bytes, page));
	c->page_bytes = page_bytes;
	c->vcpus = asked->vcpus;
	return 0;
}

/* Vcpus share the memory that repeats, so each needs a repetition of its own: else two would have one page. */
static int check_repetitions(const struct config *c, struct error *e)
{
	uint64_t repetitions = c->map.arena_bytes / c->map.alias_bytes;
	uint64_t enough_bytes;
	char alias[24], enough[24];
	int ret;

	if (repetitions >= c->vcpus)
		return 0;
	ret = error_set(e, STATUS_USAGE, 0, "--alias-memory",
			"%" PRIu64
			" repetitions of %s are too few for --smp %u: each vCPU needs one of its own",
			repetitions, size_format(c->map.alias_bytes, alias), c->vcpus);
	if (checked_mul(c->map.alias_bytes, c->vcpus, &enough_bytes) && enough_bytes <= ARENA_MAX_BYTES)
		error_hint(e, "--memory %s", size_format(enough_bytes, enough));
	return ret;
}

static int place_aliased(const struct machine_spec *asked, struct config *c, struct error *e)
{
	char low[24], page[24];
	int ret = memmap_make_aliased(asked->memory_bytes, asked->alias_bytes, c->page_bytes,
				      c->guest_page_bytes, &c->map, e);

	if (ret == 0)
		ret = check_repetitions(c, e);
	if (ret != 0)
		return ret;
	note_add(c, "%s more hold the guest's image and page tables%s%s",
		 size_format(c->map.ranges[0].bytes, low),
		 c->page_bytes > PAGE_2M ? ", in whole pages of " : "",
		 c->page_bytes > PAGE_2M ? size_format(c->page_bytes, page) : "");
	return 0;
}

static int place(const struct machine_spec *asked, struct config *c, struct error *e)
{
	int ret;

	if (asked->alias_bytes != 0)
		return place_aliased(asked, c, e);
	ret = memmap_make(c->ram_bytes, c->page_bytes, c->guest_page_bytes, &c->map, e);
	if (ret == 0 && c->ram_bytes > c->map.arena_bytes && c->map.arena_bytes == 512 * GIB)
		note_add(c, "the arena stops at 512G, one PML4 slot of the guest");
	return ret;
}

int config_make(const struct machine_spec *asked, uint64_t page_bytes, struct config *c, struct error *e)
{
	int ret;

	*c = (struct config){ 0 };
	ret = round_memory(asked, page_bytes, c, e);
	if (ret != 0)
		return ret;
	if (c->vcpus == 0 || c->vcpus > GUEST_MAX_VCPUS)
		return error_set(e, STATUS_USAGE, 0, "--smp", "%u: 1 to %u vCPUs are supported by this guest",
				 c->vcpus, GUEST_MAX_VCPUS);
	c->guest_page_bytes = asked->guest_page_bytes;
	c->guest_ad = asked->guest_ad;
	c->apic = asked->apic == CHOICE_ON;
	return place(asked, c, e);
}

int config_make_native(const struct machine_spec *asked, uint64_t page_bytes, struct config *c,
		       struct error *e)
{
	int ret;

	*c = (struct config){ 0 };
	ret = round_memory(asked, page_bytes, c, e);
	if (ret != 0)
		return ret;
	if (c->vcpus == 0)
		return error_set(e, STATUS_USAGE, 0, "--smp", "at least one thread is needed");
	c->guest_page_bytes = page_bytes;
	c->map.range_count = 1;
	c->map.ranges[0].bytes = c->ram_bytes;
	c->map.arena_bytes = c->ram_bytes;
	return 0;
}
