/* A map as the host sees it: memory slots, and offsets in the one host mapping. */
#include "vmm/core/machine/memmap.h"

/* Whether the memory of that range repeats. */
static bool repeats(const struct memmap *map, uint32_t range)
{
	return range == 1 && map->alias_bytes != 0;
}

uint64_t memmap_host_bytes(const struct memmap *map)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < map->range_count; i++)
		bytes += repeats(map, i) ? map->alias_bytes : map->ranges[i].bytes;
	return bytes;
}

uint32_t memmap_slot_count(const struct memmap *map)
{
	if (map->alias_bytes == 0 || map->range_count < 2)
		return map->range_count;
	return (uint32_t)(1 + map->ranges[1].bytes / map->alias_bytes);
}

struct ram_range memmap_slot(const struct memmap *map, uint32_t slot)
{
	struct ram_range range = map->ranges[slot == 0 ? 0 : 1];

	if (slot > 0 && map->alias_bytes != 0) {
		range.gpa += (slot - 1) * map->alias_bytes;
		range.bytes = map->alias_bytes;
	}
	return range;
}

uint64_t memmap_offset(const struct memmap *map, uint64_t gpa, uint64_t bytes)
{
	for (uint32_t i = 0; i < map->range_count; i++) {
		const struct ram_range *range = &map->ranges[i];
		uint64_t at = gpa - range->gpa;
		uint64_t room_bytes = range->bytes - at;

		if (gpa < range->gpa || at >= range->bytes)
			continue;
		if (repeats(map, i)) {
			at %= map->alias_bytes;
			room_bytes = map->alias_bytes - at;
		}
		return bytes <= room_bytes ? range->offset_bytes + at : UINT64_MAX;
	}
	return UINT64_MAX;
}
