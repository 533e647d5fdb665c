/* What tables, entries, faults and kinds of walk are called. */
#include "vmm/theory/walk/page_walk.h"
#include "vmm/theory/walk/walk_list.h"

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

const char *page_fault_name(enum page_fault fault)
{
	static const char *const names[PAGE_FAULT_COUNT] = {
		[PAGE_FAULT_NONE] = "none",
		[PAGE_FAULT_NOT_CANONICAL] = "not canonical",
		[PAGE_FAULT_NOT_PRESENT] = "not present",
		[PAGE_FAULT_RESERVED] = "reserved bit",
		[PAGE_FAULT_NO_MEMORY] = "no memory",
	};

	return (uint32_t)fault < PAGE_FAULT_COUNT ? names[fault] : "?";
}

const char *page_fault_exception(enum page_fault fault)
{
	switch (fault) {
	case PAGE_FAULT_NOT_CANONICAL:
		return "#GP";
	case PAGE_FAULT_NOT_PRESENT:
	case PAGE_FAULT_RESERVED:
		return "#PF";
	default:
		return "";
	}
}

const char *walk_kind_name(enum walk_kind kind)
{
	static const char *const names[WALK_KIND_COUNT] = { "nested", "shadow", "native", "unpaged" };

	return (uint32_t)kind < WALK_KIND_COUNT ? names[kind] : "?";
}
