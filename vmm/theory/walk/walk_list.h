/*
 * The memory references of one TLB miss: how many there are at most, and in which order they come. Pure.
 *
 * The list is found by walking tables that were really built (struct walk_tables), the counts by a formula; unit tests hold
 * one against the other. Each of the g guest entries lies at a guest-physical address that h host entries translate
 * first, and so does the address at the end (Bhargava et al., ASPLOS 2008; AMD APM vol. 2, 15.25; Intel SDM vol. 3C,
 * 28.3).
 */
#ifndef MINIVMM_THEORY_WALK_WALK_LIST_H
#define MINIVMM_THEORY_WALK_WALK_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/theory/walk/page_walk.h"
#include "vmm/util/names.h"

enum walk_kind {
	WALK_NESTED,  /* EPT or NPT: both dimensions */
	WALK_SHADOW,  /* one table that the hypervisor keeps, leaf = the smaller of both */
	WALK_NATIVE,  /* no hypervisor */
	WALK_UNPAGED, /* guest paging is off: a guest-physical address, host entries only */
	WALK_KIND_COUNT
};

/* 5 guest entries and the address itself, each behind 5 host entries: 6 * 6 - 1. */
#define WALK_MAX_REFERENCES 35

/* What is walked. Leaves are 4K, 2M or 1G, levels 4 or 5. Members that the kind does not use are ignored. */
struct walk_plan {
	enum walk_kind kind;
	uint32_t guest_levels, host_levels;
	uint64_t guest_leaf_bytes, host_leaf_bytes;
};

enum walk_dimension { DIMENSION_GUEST, DIMENSION_HOST };

/* One memory reference: an entry of a page table that is read. */
struct walk_reference {
	/* Whose table; natively and for shadow tables DIMENSION_GUEST: a GVA indexes it. */
	enum walk_dimension dimension;
	uint32_t level; /* of that table: 5 PML5 ... 1 PT */
	/*
	 * DIMENSION_HOST: what it translates: the guest-physical address of the entry in the guest's table of that level,
	 * 0: of the data itself. DIMENSION_GUEST: its own level.
	 */
	uint32_t row;
	/* The bits that index the table: of the GVA in the guest's table, of a GPA in the host's. */
	uint32_t high_bit, low_bit;
	bool leaf; /* this entry ends its dimension's walk */
};

struct walk_list {
	struct walk_plan plan;
	uint32_t count;
	struct walk_reference references[WALK_MAX_REFERENCES];
};

/* Whether a walk of this kind reads page tables that a GVA (natively a VA) indexes. */
bool walk_is_paged(enum walk_kind kind);

/* Whether it reads the host's tables, which a GPA indexes. */
bool walk_is_hosted(enum walk_kind kind);

/* Whether walk_list_make() can build it: known sizes and levels wherever the kind has a use for them. */
bool walk_plan_is_valid(const struct walk_plan *plan);

/* The page that a TLB entry covers: the smaller of both dimensions' (APM vol. 2, 15.25.9), where there are two. */
uint64_t walk_leaf_bytes(const struct walk_plan *plan);

/* Levels walked to a leaf of leaf_bytes under a root of `levels` (4 or 5); 0 for other levels or sizes. */
uint32_t refs_levels(uint32_t levels, uint64_t leaf_bytes);

/*
 * References for one TLB miss with g guest and h host levels walked: each of the g guest entries and the final
 * address is itself translated by the host (Bhargava et al., ASPLOS 2008): (g+1)(h+1)-1. h = 0: native, g.
 */
uint32_t refs_two_dimensional(uint32_t g, uint32_t h);

/* References for one TLB miss, by that formula; 0 where a size or number of levels is not valid. */
uint32_t refs_count(const struct walk_plan *plan);

/*
 * What is walked on a host: EPT or NPT in tables of host_levels; with shadow paging one table, the smaller page of both
 * sets its leaf; SECOND_NONE is native, the leaf is the backing's. The first dimension has 4 levels: the guest has no
 * others. False where something is not known; then *plan must not be used.
 */
bool refs_plan(enum second_dimension second, uint32_t host_levels, uint64_t guest_leaf_bytes,
	       uint64_t backing_leaf_bytes, struct walk_plan *plan);

/* The count of that plan, printed beside a measurement; 0 where it is not known. SECOND_NONE: the leaf is the guest's. */
uint32_t refs_theory(enum second_dimension second, uint32_t host_levels, uint64_t guest_leaf_bytes,
		     uint64_t backing_leaf_bytes);

/* The reference to an entry of a table of that level; its bits follow from the level. */
struct walk_reference walk_reference_make(enum walk_dimension dimension, uint32_t level, uint32_t row,
					  bool leaf);

/* Build the tables, walk one address, list the entries read. 0, -EINVAL for an invalid plan, or -ENOMEM. */
int walk_list_make(const struct walk_plan *plan, struct walk_list *list);

extern const struct names walk_kind_names;

/*
 * Page tables of both dimensions in a sparse physical memory, for walk_list_make().
 *
 * There is one memory, the host's. It holds the guest's tables too, where the host's tables map their guest-physical
 * addresses. The entries of both have the format of ordinary x86-64 paging, as NPT has it (AMD APM vol. 2, 15.25). EPT
 * has other bits in the same shape (Intel SDM vol. 3C, 28.3).
 */
#define FRAME_ENTRIES 512

/* 5 tables of the guest; below the host's root 4 for each of them and for the data, no two with one in common. */
#define WALK_MAX_FRAMES (5 + 1 + 6 * 4)

struct physical_frame {
	uint64_t pa; /* a multiple of 4 KiB */
	uint64_t entries[FRAME_ENTRIES];
};

struct walk_tables {
	struct page_walk_mode guest; /* its root is a GPA; natively and for shadow tables an HPA */
	struct page_walk_mode host;  /* levels = 0: there is none */
	uint64_t gva;                /* the one address that is mapped; with paging off it is gpa */
	uint64_t gpa;                /* where the guest's tables put it */
	uint64_t gpa_step;           /* from one page of the guest's to the next */
	uint64_t next_gpa, next_table_hpa, next_leaf_hpa; /* not in use yet */
	uint64_t host_leaf_bytes;
	uint32_t frame_count;
	struct physical_frame frames[WALK_MAX_FRAMES];
};

/*
 * Build the tables of a valid plan into *tables, which need not be initialised. 0, or -ENOMEM where they do not fit.
 */
int walk_tables_build(const struct walk_plan *plan, struct walk_tables *tables);

/* A page_walk_read: eight bytes at a host-physical address; -ENOENT where there is no memory. self: a walk_tables. */
int walk_tables_read(void *self, uint64_t hpa, uint64_t *entry);

/* Translate gpa by the host's tables; the walk is in *walk, and a hole in them is a fault there. */
void walk_tables_host(struct walk_tables *tables, uint64_t gpa, struct page_walk *walk);

#endif
