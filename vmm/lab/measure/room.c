#include "vmm/lab/measure/room.h"

#include "layout.h"
#include "units.h"
#include "vmm/util/size.h"

bool room_is_native(const struct config *c)
{
	return c->map.tables_bytes == 0;
}

/* What is left of the arena for one vCPU if RAM had ram_bytes; 0 where there is no such machine. */
static uint64_t slice_of_ram(const struct config *c, uint64_t ram_bytes)
{
	struct error ignored = { 0 };
	struct memmap map;

	if (room_is_native(c))
		return driver_slice_bytes(ram_bytes, c->guest_page_bytes, c->vcpus);
	if (memmap_make(ram_bytes, c->page_bytes, c->guest_page_bytes, &map, &ignored) != 0)
		return 0;
	return driver_slice_bytes(map.arena_bytes, c->guest_page_bytes, c->vcpus);
}

/* Where all of --memory is the arena, and slices are whole repetitions, it is a sum. */
static uint64_t aliased_memory_for(const struct config *c, uint64_t set_bytes)
{
	uint64_t alias_bytes = c->map.alias_bytes;
	uint64_t repetitions = set_bytes / alias_bytes + (set_bytes % alias_bytes != 0);
	uint64_t bytes;

	if (!checked_mul(repetitions * alias_bytes, c->vcpus, &bytes) || bytes > ARENA_MAX_BYTES)
		return 0;
	return bytes;
}

/* By trying, because holes and tables make no simple formula: what RAM has beyond the arena is at most 3 GiB, the
 * tables and a leaf for each vCPU. */
uint64_t room_memory_for(const struct config *c, uint64_t set_bytes)
{
	uint64_t stride = max_u64(256 * MIB, c->page_bytes);
	uint64_t ram_bytes;

	if (!checked_mul(set_bytes, c->vcpus, &ram_bytes) || ram_bytes > 64 * TIB)
		return 0;
	if (c->map.alias_bytes != 0)
		return aliased_memory_for(c, set_bytes);
	ram_bytes = align_up(ram_bytes, stride);
	for (uint32_t i = 0; i < 1024; i++, ram_bytes += stride) {
		if (slice_of_ram(c, ram_bytes) >= set_bytes)
			return ram_bytes;
	}
	return 0;
}

int room_refuse(const struct config *c, uint64_t set_bytes, struct error *e)
{
	uint64_t enough_bytes = room_memory_for(c, set_bytes);
	char set[24], slice[24], ram[24], enough[24];
	int ret;

	ret = error_set(e, STATUS_USAGE, 0, "--working-set",
			"%s is more than one %s's share of %s, which is %s with --smp %u",
			size_format(set_bytes, set), room_is_native(c) ? "thread" : "vCPU",
			size_format(c->ram_bytes, ram), size_format(config_slice_bytes(c), slice), c->vcpus);
	if (enough_bytes != 0)
		error_hint(e, "--memory %s", size_format(enough_bytes, enough));
	return ret;
}
