/*
 * One page walk through x86-64 tables of a guest, a host or a process. Pure: entries come from a callback.
 *
 * Source: Intel SDM vol. 3A, 4.5 (4-level and 5-level paging) and 4.7 (page faults); AMD APM vol. 2, 5.3.
 */
#ifndef MINIVMM_THEORY_WALK_PAGE_WALK_H
#define MINIVMM_THEORY_WALK_PAGE_WALK_H

#include <stdbool.h>
#include <stdint.h>

#define PAGE_WALK_MAX_LEVELS 5

/* How a walk ended. page_fault_exception() names the exception that a CPU raises. */
enum page_fault {
	PAGE_FAULT_NONE,
	PAGE_FAULT_NOT_CANONICAL, /* the bits above the highest translated one differ from it: no table is read */
	PAGE_FAULT_NOT_PRESENT, /* P = 0 */
	PAGE_FAULT_RESERVED,    /* present, with a bit that must be 0 */
	PAGE_FAULT_NO_MEMORY,   /* an entry lies where there is no memory to read it from */
	PAGE_FAULT_COUNT
};

/* What the tables are and what the CPU that walks them can do. */
struct page_walk_mode {
	uint64_t root_pa;       /* of the highest table: CR3 without its low bits and those above the width */
	uint32_t levels;        /* 4 or 5 */
	uint32_t physical_bits; /* MAXPHYADDR; address bits from here to 51 are reserved */
	bool nx;                /* EFER.NXE: else bit 63 is reserved */
	bool pages_1g;          /* else PS in a PDPTE is reserved */
};

/* One entry that was read. */
struct page_walk_step {
	uint32_t level;    /* of the table: 5 PML5, 4 PML4, 3 PDPT, 2 PD, 1 PT */
	uint32_t index;    /* of the entry, 0 to 511 */
	uint64_t entry_pa; /* where the entry lies */
	uint64_t entry;    /* as it was read */
	bool leaf;
};

struct page_walk {
	enum page_fault fault;
	uint32_t fault_level; /* of the table whose entry it is; 0: no entry is at fault */
	uint64_t reserved;    /* PAGE_FAULT_RESERVED: the bits that must be 0 and are not */
	uint32_t
		step_count; /* entries read, from the root on, those before a fault and the one with it included */
	struct page_walk_step steps[PAGE_WALK_MAX_LEVELS];
	/* Only with PAGE_FAULT_NONE: */
	uint64_t pa;         /* of the address itself */
	uint64_t leaf_bytes; /* 4K, 2M or 1G */
	/* All entries taken together. */
	bool writable, user, executable;
};

/* Read the eight bytes at physical address pa, a multiple of 8. 0, or -errno where there is no memory. */
typedef int (*page_walk_read)(void *self, uint64_t pa, uint64_t *entry);

/* Walk va. Always fills *walk; a fault is a result. mode->levels is 4 or 5 and physical_bits at most 52. */
void page_walk(const struct page_walk_mode *mode, uint64_t va, page_walk_read read, void *self,
	       struct page_walk *walk);

/* Whether va is canonical for so many levels: bits 63:47 (4) or 63:56 (5) all equal. */
bool page_walk_canonical(uint64_t va, uint32_t levels);

/* Index of va in a table of that level. */
uint32_t page_walk_index(uint64_t va, uint32_t level);

/* What one entry of a table of that level spans: 4 KiB at level 1, 512 times as much at each level above. */
uint64_t page_walk_span_bytes(uint32_t level);

/* Level of the table whose entries map leaves of that size: 1 for 4K, 2 for 2M, 3 for 1G; 0 for other sizes. */
uint32_t page_walk_leaf_level(uint64_t leaf_bytes);

/* Highest and lowest bit of the address that index a table of that level: 47 and 39 for level 4. */
void page_walk_index_bits(uint32_t level, uint32_t *high, uint32_t *low);

/* "PML5", "PML4", "PDPT", "PD", "PT"; "?" for others. Never NULL. */
const char *page_table_name(uint32_t level);

/* "PML5E", "PML4E", "PDPTE", "PDE", "PTE"; "?" for others. Never NULL. */
const char *page_entry_name(uint32_t level);

/* "none", "not canonical", "not present", "reserved bit", "no memory". Never NULL. */
const char *page_fault_name(enum page_fault fault);

/* What a CPU raises: "#GP" for an address that is not canonical, "#PF" for P = 0 or a reserved bit; "" else. */
const char *page_fault_exception(enum page_fault fault);

#endif
