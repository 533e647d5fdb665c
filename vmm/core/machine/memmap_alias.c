/*
 * An arena whose memory repeats: terabytes of guest-physical space on a gigabyte of the host.
 *
 *   GPA  0 .. low_bytes          image and page tables         host offset alias_bytes
 *        4 GiB + k alias_bytes   repetition k of the arena     host offset 0
 */
#include <errno.h>

#include "layout.h"
#include "units.h"
#include "vmm/util/size.h"
#include "vmm/core/machine/memmap.h"

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
	int ret = error_set(e, STATUS_USAGE, 0, option, "%s is no whole number of %ss of %s",
			    size_format(alias_bytes, alias), name, size_format(unit, size));

	error_hint(e, "--alias-memory %s", size_format(nearest(alias_bytes, unit), hint));
	return ret;
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
	int ret;

	if (arena_bytes < alias_bytes) {
		ret = error_set(e, STATUS_USAGE, 0, option,
				"%s is more than the %s of --memory that would repeat it",
				size_format(alias_bytes, alias), size_format(arena_bytes, arena));
		error_hint(e, "--memory %s", size_format(min_u64(2 * alias_bytes, most_bytes), hint));
		return ret;
	}
	if (arena_bytes > ARENA_MAX_BYTES) {
		ret = error_set(e, STATUS_USAGE, 0, "--memory",
				"%s is more than the 31T of address space that this guest has for it",
				size_format(arena_bytes, arena));
		error_hint(e, "--memory %s", size_format(most_bytes, hint));
		return ret;
	}
	if (arena_bytes % alias_bytes == 0)
		return 0;
	ret = error_set(e, STATUS_USAGE, 0, option, "%s of --memory are no whole number of repetitions of %s",
			size_format(arena_bytes, arena), size_format(alias_bytes, alias));
	error_hint(e, "--memory %s",
		   size_format(min_u64(nearest(arena_bytes, alias_bytes), most_bytes), hint));
	return ret;
}

static int refuse_tables(const struct memmap *map, uint64_t guest_page_bytes, struct error *e)
{
	char tables[24], arena[24], leaf[24];
	int ret = error_set(
		e, STATUS_USAGE, 0, "--memory",
		"the guest's page tables for %s in leaves of %s take %s, which do not fit below its hole at "
		"3 GiB",
		size_format(map->arena_bytes, arena), size_format(guest_page_bytes, leaf),
		size_format(map->tables_bytes, tables));

	error_hint(e, "--guest-page 2M");
	return ret;
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
