/*
 * What a guest of so much memory costs in page tables, TLB reach, references and faults, by arithmetic alone. Pure.
 *
 * Counted is one range of memory from address 0 on in each dimension, each page of it mapped once by leaves of one
 * size. Not counted are the host kernel's own tables for the process of the VMM; their size depends on the backing pages too.
 */
#ifndef MINIVMM_THEORY_WALK_SCALE_H
#define MINIVMM_THEORY_WALK_SCALE_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/theory/walk/page_walk.h"
#include "vmm/theory/walk/walk_list.h"

/* Defaults: round numbers, not measured. */
#define SCALE_FAULT_NS 1000.0
#define SCALE_ZEROING_BYTES_PER_S 10e9

struct scale_input {
	struct walk_plan walk;
	uint64_t memory_bytes;
	uint32_t tlb_l1_entries, tlb_l2_entries;         /* of the CPU for walk_leaf_bytes(); 0: not known */
	uint64_t tlb_l1_entry_bytes, tlb_l2_entry_bytes; /* what one covers; 0: walk_leaf_bytes() */
	double fault_ns;                                 /* of one fault, without zeroing the page */
	double zeroing_bytes_per_s;
};

/* The tables of one dimension. */
struct scale_tables {
	bool present;    /* this kind of walk has it */
	uint32_t levels; /* those asked for, or 5 where 4 do not reach */
	bool raised;     /* ... which is so here */
	bool beyond;     /* not even 5 levels reach: counted as if there were several roots */
	uint64_t leaf_bytes;
	uint64_t tables[PAGE_WALK_MAX_LEVELS + 1]; /* by level; 0 below the leaf's */
	uint64_t leaf_entries;
	uint64_t entries; /* in use, of all levels */
	uint64_t table_count;
	uint64_t table_bytes;
};

struct scale {
	struct scale_input input;
	struct walk_plan walk;               /* input.walk with the levels that reach */
	struct scale_tables guest;           /* indexed by a GVA; natively the only one */
	struct scale_tables host;            /* indexed by a GPA */
	struct scale_tables shadow;          /* indexed by a GVA, kept by the hypervisor beside the guest's */
	uint64_t table_bytes;                /* of all of them */
	uint64_t leaf_bytes;                 /* what one TLB entry holds: walk_leaf_bytes() */
	uint64_t tlb_l1_bytes, tlb_l2_bytes; /* reach; 0: not known */
	uint32_t references;                 /* of one TLB miss, at most: walk_list_make() */
	uint64_t fault_leaf_bytes;           /* what one fault maps */
	uint64_t faults;                     /* until all is mapped, one a leaf */
	uint64_t populated_bytes;            /* memory in whole such leaves */
	double fault_s, zeroing_s, populate_s; /* both parts and their sum */
	bool beyond_physical; /* over 2^52 bytes: no x86-64 CPU has such an address (SDM vol. 3A, 4.1.4) */
	bool beyond_unpaged;  /* paging off, and over the 2^32 bytes that are reached then */
	/* What the closed form predicts for a random access, on `cpu`, in its `unit`; 0: nothing was predicted. */
	double data_cycles, walk_cycles, access_cycles;
	char cpu[32], unit[32];
};

/* 0; -EINVAL for no memory, a cost that is not positive or an invalid walk; -ERANGE: over 2^64; -ENOMEM. */
int scale_make(const struct scale_input *input, struct scale *s);

#endif
