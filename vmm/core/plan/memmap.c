/* Where guest RAM, tables and arena lie, the slots they take, and memory that repeats. Pure arithmetic. */
#include "vmm/core/plan/memmap.h"

#include <errno.h>

#include "layout.h"
#include "units.h"
#include "vmm/util/size.h"

/* What one entry of the guest's PML4 maps; an arena of distinct memory stays within one. */
#define PML4_SLOT_BYTES (512 * GIB)

uint64_t memmap_tables_bytes(uint64_t arena_bytes, uint64_t leaf_bytes)
{
	uint64_t pages = divide_up(arena_bytes, PML4_SLOT_BYTES);

	if (leaf_bytes < PAGE_1G)
		pages += divide_up(arena_bytes, PAGE_1G);
	if (leaf_bytes < PAGE_2M)
		pages += divide_up(arena_bytes, PAGE_2M);
	return align_up(pages * PAGE_4K, PAGE_2M);
}

uint64_t memmap_congruence_bytes(uint64_t ram_bytes)
{
	return ram_bytes >= PAGE_1G ? PAGE_1G : PAGE_2M;
}

static uint64_t least_ram_bytes(uint64_t page_bytes, uint64_t guest_page_bytes)
{
	uint64_t least = guest_page_bytes == PAGE_1G ? 2 * PAGE_1G : (uint64_t)RAM_MIN_BYTES;

	return align_up(least, page_bytes);
}

static int refuse_small(uint64_t ram_bytes, uint64_t page_bytes, uint64_t guest_page_bytes, struct error *e)
{
	char ram[24], leaf[24], least[24];

	return error_set(e, STATUS_USAGE, 0, "memory map",
			 "%s of guest RAM is too small for an arena of %s leaves; the least is %s",
			 size_format(ram_bytes, ram), size_format(guest_page_bytes, leaf),
			 size_format(least_ram_bytes(page_bytes, guest_page_bytes), least));
}

/* RAM from 0 to the hole; what is left goes on behind it. */
static void place_ram(uint64_t ram_bytes, struct memmap *map)
{
	uint64_t low_bytes = min_u64(ram_bytes, RAM_HOLE_START_GPA);

	map->range_count = 1;
	map->ranges[0] = (struct ram_range){ .gpa = 0, .offset_bytes = 0, .bytes = low_bytes };
	if (ram_bytes == low_bytes)
		return;
	map->range_count = 2;
	map->ranges[1] = (struct ram_range){ .gpa = RAM_HOLE_END_GPA,
					     .offset_bytes = low_bytes,
					     .bytes = ram_bytes - low_bytes };
}

/* The arena below the hole: aligned to 1 GiB where a whole GiB is left then, else to 2 MiB. */
static uint64_t low_arena(uint64_t start_gpa, uint64_t end_gpa, uint64_t leaf_bytes, uint64_t *bytes)
{
	uint64_t aligned_gpa = align_up(start_gpa, PAGE_1G);

	if (aligned_gpa > end_gpa || end_gpa - aligned_gpa < PAGE_1G)
		aligned_gpa = align_up(start_gpa, max_u64(PAGE_2M, leaf_bytes));
	*bytes = aligned_gpa < end_gpa ? align_down(end_gpa - aligned_gpa, leaf_bytes) : 0;
	return aligned_gpa;
}

/*
 * The pool's size depends on the arena's and the arena's place on the pool's size: the pool is made for the
 * largest arena there could be, which costs at most 1/512 of RAM too much.
 */
static int place_arena(uint64_t guest_page_bytes, struct memmap *map, struct error *e)
{
	uint64_t low_end_gpa = map->ranges[0].bytes;
	uint64_t high_bytes = map->range_count == 2 ? map->ranges[1].bytes : 0;
	uint64_t largest_bytes = min_u64(max_u64(low_end_gpa - TABLE_POOL_GPA, high_bytes), PML4_SLOT_BYTES);
	uint64_t low_gpa, low_bytes;

	map->tables_gpa = TABLE_POOL_GPA;
	map->tables_bytes = memmap_tables_bytes(largest_bytes, guest_page_bytes);
	low_gpa = low_arena(TABLE_POOL_GPA + map->tables_bytes, low_end_gpa, guest_page_bytes, &low_bytes);
	high_bytes = align_down(high_bytes, guest_page_bytes);
	if (high_bytes > low_bytes) {
		map->arena_gpa = RAM_HOLE_END_GPA;
		map->arena_bytes = high_bytes;
	} else {
		map->arena_gpa = low_gpa;
		map->arena_bytes = low_bytes;
	}
	if (map->arena_bytes > PML4_SLOT_BYTES)
		map->arena_bytes = PML4_SLOT_BYTES;
	if (map->arena_bytes == 0)
		return refuse_small(low_end_gpa, PAGE_4K, guest_page_bytes, e);
	return 0;
}

/* 512 GiB of 4 KiB leaves take 1 GiB and 2 MiB of tables, so the pool always ends below the hole. */
_Static_assert(TABLE_POOL_GPA + GIB + 4 * MIB < RAM_HOLE_START_GPA && RAM_HOLE_START_GPA < BOOT_MAP_BYTES,
	       "the largest pool fits below the hole, where the boot tables reach it");

int memmap_make(uint64_t ram_bytes, uint64_t page_bytes, uint64_t guest_page_bytes, struct memmap *map,
		struct error *e)
{
	char ram[24];

	*map = (struct memmap){ 0 };
	if (!is_pow2(page_bytes) || !is_aligned(ram_bytes, page_bytes))
		return error_set(e, STATUS_FAILED, EINVAL, "memory map",
				 "guest RAM is not a whole number of backing pages");
	if (guest_page_bytes != PAGE_4K && guest_page_bytes != PAGE_2M && guest_page_bytes != PAGE_1G)
		return error_set(e, STATUS_FAILED, EINVAL, "memory map", "no such guest page size");
	if (ram_bytes < RAM_MIN_BYTES || ram_bytes < least_ram_bytes(page_bytes, guest_page_bytes))
		return refuse_small(ram_bytes, page_bytes, guest_page_bytes, e);
	if (ram_bytes > GPA_LIMIT_BYTES - GIB)
		return error_set(e, STATUS_USAGE, 0, "memory map",
				 "%s of guest RAM does not fit a physical address of 52 bits",
				 size_format(ram_bytes, ram));
	place_ram(ram_bytes, map);
	return place_arena(guest_page_bytes, map, e);
}

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

static uint32_t ram_slot_count(const struct memmap *map)
{
	if (map->alias_bytes == 0 || map->range_count < 2)
		return map->range_count;
	return (uint32_t)(1 + map->ranges[1].bytes / map->alias_bytes);
}

uint32_t memmap_slot_count(const struct memmap *map)
{
	return ram_slot_count(map) + map->view_count;
}

static struct ram_range view_slot(const struct memmap *map, uint32_t view)
{
	const struct memmap_view *v = &map->views[view];

	return (struct ram_range){ .gpa = v->gpa,
				   .offset_bytes = v->shift_bytes,
				   .bytes = memmap_host_bytes(map) - v->shift_bytes };
}

struct ram_range memmap_slot(const struct memmap *map, uint32_t slot)
{
	struct ram_range range = map->ranges[slot == 0 ? 0 : 1];

	if (slot >= ram_slot_count(map))
		return view_slot(map, slot - ram_slot_count(map));
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

uint64_t memmap_end_gpa(const struct memmap *map)
{
	struct ram_range last = memmap_slot(map, memmap_slot_count(map) - 1);

	return last.gpa + last.bytes;
}

void memmap_add_views(struct memmap *map, uint64_t page_bytes)
{
	for (uint64_t leaf_bytes = PAGE_1G; leaf_bytes >= PAGE_4K; leaf_bytes /= PAGE_2M / PAGE_4K) {
		struct memmap_view view = { .leaf_bytes = leaf_bytes };

		if (leaf_bytes > page_bytes)
			continue;
		/* Whole leaves of the backing need no shift; else one of a leaf is none modulo any smaller one. */
		view.shift_bytes = leaf_bytes == page_bytes ? 0 : leaf_bytes;
		view.gpa = align_up(memmap_end_gpa(map), PAGE_1G);
		map->views[map->view_count++] = view;
	}
}

uint64_t memmap_view_arena_gpa(const struct memmap *map, uint32_t view)
{
	const struct memmap_view *v = &map->views[view];

	return v->gpa + memmap_offset(map, map->arena_gpa, 1) - v->shift_bytes;
}

static const char option[] = "--alias-memory";

/* The multiple of `unit` that is nearest to value, and at least one. The caller's values are far from 2^64. */
static uint64_t nearest(uint64_t value, uint64_t unit)
{
	uint64_t below = value - value % unit;

	return below != 0 && value - below <= unit / 2 ? below : below + unit;
}

static int refuse_alias(uint64_t alias_bytes, const char *name, uint64_t unit, struct error *e)
{
	char alias[24], size[24], hint[24];

	(void)error_set(e, STATUS_USAGE, 0, option, "%s is not a whole number of %ss of %s",
			size_format(alias_bytes, alias), name, size_format(unit, size));
	return error_hint(e, "--alias-memory %s", size_format(nearest(alias_bytes, unit), hint));
}

static int check_alias(uint64_t alias_bytes, uint64_t page_bytes, uint64_t guest_page_bytes, struct error *e)
{
	uint64_t unit = max_u64(max_u64(page_bytes, guest_page_bytes), PAGE_2M);

	if (is_aligned(alias_bytes, unit))
		return 0;
	if (unit == page_bytes)
		return refuse_alias(alias_bytes, "backing page", unit, e);
	if (unit == guest_page_bytes)
		return refuse_alias(alias_bytes, "guest page", unit, e);
	return refuse_alias(alias_bytes, "page", unit, e);
}

static int check_arena(uint64_t arena_bytes, uint64_t alias_bytes, struct error *e)
{
	char arena[24], alias[24], hint[24];
	uint64_t most_bytes = ARENA_MAX_BYTES - ARENA_MAX_BYTES % alias_bytes;

	if (arena_bytes < alias_bytes) {
		(void)error_set(e, STATUS_USAGE, 0, option,
				"%s is more than the %s of --memory that would repeat it",
				size_format(alias_bytes, alias), size_format(arena_bytes, arena));
		return error_hint(e, "--memory %s", size_format(min_u64(2 * alias_bytes, most_bytes), hint));
	}
	if (arena_bytes > ARENA_MAX_BYTES) {
		(void)error_set(e, STATUS_USAGE, 0, "--memory",
				"%s is more than the 31T of address space that this guest has for it",
				size_format(arena_bytes, arena));
		return error_hint(e, "--memory %s", size_format(most_bytes, hint));
	}
	if (arena_bytes % alias_bytes == 0)
		return 0;
	(void)error_set(e, STATUS_USAGE, 0, option,
			"%s of --memory is not a whole number of repetitions of %s",
			size_format(arena_bytes, arena), size_format(alias_bytes, alias));
	return error_hint(e, "--memory %s",
			  size_format(min_u64(nearest(arena_bytes, alias_bytes), most_bytes), hint));
}

static int refuse_tables(const struct memmap *map, uint64_t guest_page_bytes, struct error *e)
{
	char tables[24], arena[24], leaf[24];

	(void)error_set(
		e, STATUS_USAGE, 0, "--memory",
		"the guest's page tables for %s in leaves of %s take %s, which do not fit below its hole at "
		"3 GiB",
		size_format(map->arena_bytes, arena), size_format(guest_page_bytes, leaf),
		size_format(map->tables_bytes, tables));
	return error_hint(e, "--guest-page 2M");
}

int memmap_make_aliased(uint64_t arena_bytes, uint64_t alias_bytes, uint64_t page_bytes,
			uint64_t guest_page_bytes, struct memmap *map, struct error *e)
{
	uint64_t low_bytes;
	int ret;

	*map = (struct memmap){ 0 };
	if (!is_pow2(page_bytes) || alias_bytes == 0)
		return error_set(e, STATUS_FAILED, EINVAL, "memory map", "no such backing or alias");
	if (guest_page_bytes != PAGE_4K && guest_page_bytes != PAGE_2M && guest_page_bytes != PAGE_1G)
		return error_set(e, STATUS_FAILED, EINVAL, "memory map", "no such guest page size");
	if (alias_bytes > ARENA_MAX_BYTES)
		return error_set(e, STATUS_USAGE, 0, option, "at most 31T, all that a guest can have");
	ret = check_alias(alias_bytes, page_bytes, guest_page_bytes, e);
	if (ret == 0)
		ret = check_arena(arena_bytes, alias_bytes, e);
	if (ret != 0)
		return ret;
	map->alias_bytes = alias_bytes;
	map->arena_gpa = RAM_HOLE_END_GPA;
	map->arena_bytes = arena_bytes;
	map->tables_gpa = TABLE_POOL_GPA;
	map->tables_bytes = memmap_tables_bytes(arena_bytes, guest_page_bytes);
	low_bytes = align_up(map->tables_gpa + map->tables_bytes, max_u64(page_bytes, PAGE_2M));
	if (low_bytes > RAM_HOLE_START_GPA)
		return refuse_tables(map, guest_page_bytes, e);
	map->range_count = 2;
	map->ranges[0] = (struct ram_range){ .gpa = 0, .offset_bytes = alias_bytes, .bytes = low_bytes };
	map->ranges[1] =
		(struct ram_range){ .gpa = RAM_HOLE_END_GPA, .offset_bytes = 0, .bytes = arena_bytes };
	return 0;
}

_Static_assert(ARENA_MAX_BYTES == 31 * TIB && RAM_HOLE_START_GPA == 3 * GIB, "as the messages say");
