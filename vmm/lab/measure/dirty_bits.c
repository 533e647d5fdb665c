/* Which bits of a slot's dirty log are pages of the arena. */
#include "units.h"
#include "vmm/lab/measure/dirty.h"

bool dirty_window(const struct memmap *map, uint32_t slot, struct dirty_window *w)
{
	struct ram_range range = memmap_slot(map, slot);
	uint64_t start_gpa = max_u64(range.gpa, map->arena_gpa);
	uint64_t end_gpa = min_u64(range.gpa + range.bytes, map->arena_gpa + map->arena_bytes);

	if (start_gpa >= end_gpa)
		return false;
	*w = (struct dirty_window){
		.first_page = (start_gpa - range.gpa) / PAGE_4K,
		.at_page = (start_gpa - map->arena_gpa) / PAGE_4K,
		.pages = (end_gpa - start_gpa) / PAGE_4K,
	};
	return true;
}

void dirty_merge(uint64_t *seen, const uint64_t *log, const struct dirty_window *w)
{
	uint64_t end_page = w->first_page + w->pages;

	for (uint64_t word = w->first_page / 64; word * 64 < end_page; word++) {
		for (uint64_t bits = log[word]; bits != 0; bits &= bits - 1) {
			uint64_t page = word * 64 + (uint64_t)__builtin_ctzll(bits);

			if (page >= w->first_page && page < end_page) {
				uint64_t at = w->at_page + page - w->first_page;

				seen[at / 64] |= UINT64_C(1) << at % 64;
			}
		}
	}
}
