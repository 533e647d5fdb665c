/*
 * The full table of reference counts: every cell found by walk_list_make().
 */
#ifndef MINIVMM_THEORY_SHOW_TABLE_H
#define MINIVMM_THEORY_SHOW_TABLE_H

#include <stdint.h>

#include "vmm/theory/walk/walk_list.h"

#define TABLE_LEAVES 3
#define TABLE_SIDES (2 * TABLE_LEAVES) /* 4-level 4K, 2M, 1G, then 5-level */

struct theory_table {
	uint32_t nested[TABLE_SIDES][TABLE_SIDES];  /* by guest and host */
	uint32_t native[TABLE_SIDES];               /* by guest */
	uint32_t shadow[TABLE_SIDES][TABLE_LEAVES]; /* by guest and the leaf of the backing */
	uint32_t unpaged[TABLE_SIDES];              /* by host */
};

/* 0 or -ENOMEM. */
int theory_table_make(struct theory_table *t);

/* What side i of the table is: 4 or 5 levels, 4K, 2M or 1G. */
uint32_t theory_side_levels(uint32_t i);
uint64_t theory_side_leaf_bytes(uint32_t i);

#endif
