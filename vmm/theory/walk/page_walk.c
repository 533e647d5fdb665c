#include "vmm/theory/walk/page_walk.h"

#include "units.h"
#include "x86.h"

#define INDEX_BITS 9
#define OFFSET_BITS 12
#define ENTRY_BYTES sizeof(uint64_t)

/* Bits 51:12 of an entry; which of them a CPU really has is MAXPHYADDR. */
#define ADDRESS_MASK UINT64_C(0x000ffffffffff000)

static uint64_t bits_from_to(uint32_t low, uint32_t high)
{
	return low > high ? 0 : (~UINT64_C(0) >> (63 - high)) & (~UINT64_C(0) << low);
}

bool page_walk_canonical(uint64_t va, uint32_t levels)
{
	uint32_t unused_bits = 64 - (OFFSET_BITS + INDEX_BITS * levels);

	return (uint64_t)((int64_t)(va << unused_bits) >> unused_bits) == va;
}

uint64_t page_walk_span_bytes(uint32_t level)
{
	return UINT64_C(1) << (OFFSET_BITS + INDEX_BITS * (level - 1));
}

uint32_t page_walk_leaf_level(uint64_t leaf_bytes)
{
	return leaf_bytes == PAGE_4K ? 1 : leaf_bytes == PAGE_2M ? 2 : leaf_bytes == PAGE_1G ? 3 : 0;
}

void page_walk_index_bits(uint32_t level, uint32_t *high, uint32_t *low)
{
	*low = OFFSET_BITS + INDEX_BITS * (level - 1);
	*high = *low + INDEX_BITS - 1;
}

uint32_t page_walk_index(uint64_t va, uint32_t level)
{
	return (uint32_t)(va / page_walk_span_bytes(level)) & ((1U << INDEX_BITS) - 1);
}

/* PS means a leaf in a PDE and a PDPTE; in a PTE the same bit is PAT, and higher up it must be 0. */
static bool is_leaf(uint64_t entry, uint32_t level)
{
	return level == 1 || (level <= 3 && (entry & PTE_LEAF) != 0);
}

/* Bits that must be 0 in a present entry (SDM vol. 3A, tables 4-14 to 4-20). */
static uint64_t reserved_bits(const struct page_walk_mode *mode, uint64_t entry, uint32_t level)
{
	uint64_t must_be_0 = bits_from_to(mode->physical_bits, 51);

	if (!mode->nx)
		must_be_0 |= PTE_NX;
	if (level > 3 || (level == 3 && !mode->pages_1g))
		must_be_0 |= PTE_LEAF;
	/* Bit 12 of a large leaf is PAT; the address bits below its size must be 0. */
	if (level > 1 && level <= 3 && (entry & PTE_LEAF) != 0)
		must_be_0 |= bits_from_to(OFFSET_BITS + 1, OFFSET_BITS + INDEX_BITS * (level - 1) - 1);
	return entry & must_be_0;
}

static void finish(struct page_walk *walk, enum page_fault fault, uint32_t level)
{
	walk->fault = fault;
	walk->fault_level = level;
}

static void arrive(struct page_walk *walk, uint64_t entry, uint32_t level, uint64_t va)
{
	walk->leaf_bytes = page_walk_span_bytes(level);
	walk->pa = align_down(entry & ADDRESS_MASK, walk->leaf_bytes) + va % walk->leaf_bytes;
	finish(walk, PAGE_FAULT_NONE, 0);
}

void page_walk(const struct page_walk_mode *mode, uint64_t va, page_walk_read read, void *self,
	       struct page_walk *walk)
{
	uint64_t table_pa = mode->root_pa;

	*walk = (struct page_walk){ .writable = true, .user = true, .executable = true };
	if (!page_walk_canonical(va, mode->levels)) {
		finish(walk, PAGE_FAULT_NOT_CANONICAL, 0);
		return;
	}
	for (uint32_t level = mode->levels; level > 0; level--) {
		struct page_walk_step *step = &walk->steps[walk->step_count];
		uint64_t entry = 0;

		step->level = level;
		step->index = page_walk_index(va, level);
		step->entry_pa = table_pa + step->index * ENTRY_BYTES;
		if (read(self, step->entry_pa, &entry) != 0) {
			finish(walk, PAGE_FAULT_NO_MEMORY, level);
			return;
		}
		step->entry = entry;
		walk->step_count++;
		if ((entry & PTE_PRESENT) == 0) {
			finish(walk, PAGE_FAULT_NOT_PRESENT, level);
			return;
		}
		walk->reserved = reserved_bits(mode, entry, level);
		if (walk->reserved != 0) {
			finish(walk, PAGE_FAULT_RESERVED, level);
			return;
		}
		walk->writable = walk->writable && (entry & PTE_WRITE) != 0;
		walk->user = walk->user && (entry & PTE_USER) != 0;
		walk->executable = walk->executable && (entry & PTE_NX) == 0;
		step->leaf = is_leaf(entry, level);
		if (step->leaf) {
			arrive(walk, entry, level, va);
			return;
		}
		table_pa = entry & ADDRESS_MASK;
	}
}

const char *page_table_name(uint32_t level)
{
	static const char *const names[] = { "?", "PT", "PD", "PDPT", "PML4", "PML5" };

	return names[level <= PAGE_WALK_MAX_LEVELS ? level : 0];
}

const char *page_entry_name(uint32_t level)
{
	static const char *const names[] = { "?", "PTE", "PDE", "PDPTE", "PML4E", "PML5E" };

	return names[level <= PAGE_WALK_MAX_LEVELS ? level : 0];
}

static const struct {
	const char *name, *exception;
} faults[PAGE_FAULT_COUNT] = {
	[PAGE_FAULT_NONE] = { "none", "" },
	[PAGE_FAULT_NOT_CANONICAL] = { "not canonical", "#GP" },
	[PAGE_FAULT_NOT_PRESENT] = { "not present", "#PF" },
	[PAGE_FAULT_RESERVED] = { "reserved bit", "#PF" },
	[PAGE_FAULT_NO_MEMORY] = { "no memory", "" },
};

const char *page_fault_name(enum page_fault fault)
{
	return (uint32_t)fault < PAGE_FAULT_COUNT ? faults[fault].name : "?";
}

const char *page_fault_exception(enum page_fault fault)
{
	return (uint32_t)fault < PAGE_FAULT_COUNT ? faults[fault].exception : "";
}
