/*
 * The memory references of one TLB miss in their order, as the figure with the grid of boxes has them. Pure.
 *
 * Numbers are found by walking tables that were really built (walk_tables.h), not by a formula: each of the g guest
 * entries lies at a guest-physical address that h host entries translate first, and so does the address at the end
 * (Bhargava et al., ASPLOS 2008; AMD APM vol. 2, 15.25; Intel SDM vol. 3C, 28.3).
 */
#ifndef MINIVMM_THEORY_WALK_WALK_LIST_H
#define MINIVMM_THEORY_WALK_WALK_LIST_H

#include <stdbool.h>
#include <stdint.h>

enum walk_kind {
	WALK_NESTED,  /* EPT or NPT: both dimensions */
	WALK_SHADOW,  /* one table that the hypervisor keeps, leaf = the smaller of both */
	WALK_NATIVE,  /* no hypervisor */
	WALK_UNPAGED, /* guest paging is off: a guest-physical address, host entries only */
	WALK_KIND_COUNT
};

/* 5 guest entries and the address itself, each behind 5 host entries: 6 * 6 - 1. */
#define WALK_MAX_REFERENCES 35

/* What is walked. Leaves are 4K, 2M or 1G, levels 4 or 5; what the kind has no use for is not looked at. */
struct walk_plan {
	enum walk_kind kind;
	uint32_t guest_levels, host_levels;
	uint64_t guest_leaf_bytes, host_leaf_bytes;
};

enum walk_dimension { DIMENSION_GUEST, DIMENSION_HOST };

/* One memory reference: an entry of a page table that is read. */
struct walk_reference {
	enum walk_dimension
		dimension; /* whose table; natively and for shadow tables DIMENSION_GUEST: GVA indexes it */
	uint32_t level;    /* of that table: 5 PML5 ... 1 PT */
	/*
	 * DIMENSION_HOST: what it translates: the guest-physical address of the entry in the guest's table of that level,
	 * 0: of the data itself. DIMENSION_GUEST: its own level.
	 */
	uint32_t row;
	uint32_t high_bit,
		low_bit; /* of the address that index the table: of the GVA in the guest's, of a GPA in the host's */
	bool leaf; /* this entry ends its dimension's walk */
};

struct walk_list {
	struct walk_plan plan;
	uint32_t count;
	struct walk_reference references[WALK_MAX_REFERENCES];
};

/* Build the tables, walk one address, write down what was read. 0, -EINVAL for a plan that there is not, or -ENOMEM. */
int walk_list_make(const struct walk_plan *plan, struct walk_list *list);

/* "nested", "shadow", "native", "unpaged"; never NULL. */
const char *walk_kind_name(enum walk_kind kind);

#endif
