/*
 * Where guest RAM, the page-table pool and the arena lie in guest-physical space. Pure arithmetic.
 */
#ifndef MINIVMM_CORE_PLAN_MEMMAP_H
#define MINIVMM_CORE_PLAN_MEMMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "workload.h"
#include "vmm/util/error.h"

/* A piece of RAM: gpa, its offset in the one host mapping, and its length in guest-physical space. */
struct ram_range {
	uint64_t gpa;
	uint64_t offset_bytes;
	uint64_t bytes;
};

/*
 * All of the host mapping but its first shift_bytes once more, in a slot of its own. KVM installs a large leaf only
 * where gpa and hva are equal modulo that leaf: the shift decides which leaves the slot can have (kvm_alloc_memslot_metadata
 * in arch/x86/kvm/x86.c).
 */
struct memmap_view {
	uint64_t gpa; /* of the mapping's byte shift_bytes; aligned to 1 GiB */
	uint64_t shift_bytes;
	uint64_t leaf_bytes; /* the largest leaf it can have */
};

struct memmap {
	uint32_t range_count; /* 1, or 2 where RAM reaches past the hole below 4 GiB */
	struct ram_range ranges[2];
	uint64_t tables_gpa, tables_bytes;
	uint64_t arena_gpa, arena_bytes;
	/*
	 * 0, or the arena is ranges[1], alone behind the hole, and its memory repeats: GPA arena_gpa + x is the host
	 * mapping's byte ranges[1].offset_bytes + x mod alias_bytes. A memory slot for each repetition. The host
	 * mapping begins with that memory, because then no gap is needed to keep all of it congruent.
	 */
	uint64_t alias_bytes;
	uint32_t view_count; /* their slots follow those of RAM */
	struct memmap_view views[VIEWS_MAX];
};

/* Bytes of host memory behind the map: what the backing has to have. Pure. */
uint64_t memmap_host_bytes(const struct memmap *map);

/*
 * Add the views that a backing of page_bytes allows to a complete map without aliases: one for each leaf size up to
 * page_bytes, the largest first, each in a whole number of GiB behind all else. Pure.
 */
void memmap_add_views(struct memmap *map, uint64_t page_bytes);

/* The GPA at which that view, below view_count, shows the arena's first byte. Pure. */
uint64_t memmap_view_arena_gpa(const struct memmap *map, uint32_t view);

/* The end of the last slot in guest-physical space. Pure. */
uint64_t memmap_end_gpa(const struct memmap *map);

/* Memory slots that the map takes. Pure. */
uint32_t memmap_slot_count(const struct memmap *map);

/*
 * The slot of that number, below memmap_slot_count(): its gpa, its offset in the host mapping, its length. Pure.
 */
struct ram_range memmap_slot(const struct memmap *map, uint32_t slot);

/*
 * Offset in the host mapping of GPA range [gpa, gpa + bytes), or UINT64_MAX where it is not RAM or not contiguous
 * there. Pure.
 */
uint64_t memmap_offset(const struct memmap *map, uint64_t gpa, uint64_t bytes);

/*
 * Bytes of page tables that map arena_bytes from ARENA_GVA on with leaf_bytes leaves (SDM vol. 3A, 4.5): one page
 * table a 2 MiB, one page directory a GiB, one PDPT a PML4 slot; the PML4 itself is one of the boot tables. In whole
 * 2 MiB. Pure.
 */
uint64_t memmap_tables_bytes(uint64_t arena_bytes, uint64_t leaf_bytes);

/*
 * Largest leaf that gpa = hva (mod leaf) has to hold for: what the host mapping is aligned to.
 * 1 GiB where RAM is that large, else 2 MiB.
 */
uint64_t memmap_congruence_bytes(uint64_t ram_bytes);

/*
 * Lay out ram_bytes (a multiple of page_bytes) for an arena mapped with guest_page_bytes leaves.
 * The arena is contiguous, never straddles the hole, is aligned to 1 GiB where RAM allows one such GiB, else to
 * 2 MiB, and is a multiple of guest_page_bytes; the larger candidate of the two sides of the hole wins.
 * 0 or -errno (STATUS_USAGE: the memory is too small for that leaf, with the least that would do).
 */
int memmap_make(uint64_t ram_bytes, uint64_t page_bytes, uint64_t guest_page_bytes, struct memmap *map,
		struct error *e);

/*
 * Lay out an arena of arena_bytes that repeats the same alias_bytes of host memory. It begins at 4 GiB; the guest's
 * image and page tables lie in memory of their own below the hole, as little as whole backing pages allow.
 * 0 or -errno (STATUS_USAGE: a size that does not fit the others, with the nearest that does as the hint).
 */
int memmap_make_aliased(uint64_t arena_bytes, uint64_t alias_bytes, uint64_t page_bytes,
			uint64_t guest_page_bytes, struct memmap *map, struct error *e);

#endif
