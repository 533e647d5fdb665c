/*
 * The references that an explanation stands for, numbered in the order in which a CPU makes them, with what was read.
 * Pure. Text, JSON and the picture have their numbers from here.
 */
#ifndef MINIVMM_LAB_EXPLAIN_REFERENCES_H
#define MINIVMM_LAB_EXPLAIN_REFERENCES_H

#include "vmm/lab/explain/explanation.h"

struct explain_reference {
	uint32_t number; /* from 1 */
	enum walk_dimension dimension;
	uint32_t level;   /* of the table: 5 PML5 ... 1 PT */
	uint32_t row;     /* the guest's level that it serves; 0: the data */
	uint64_t address; /* what is translated: a GPA in the host's tables, the GVA in the others */
	uint32_t high_bit, low_bit; /* of it, that index the table */
	uint32_t index;
	bool leaf;
	const struct page_walk_step
		*step; /* the entry that was read; NULL: derived, its value is not known */
};

struct explain_references {
	/*
	 * The walk reaches the data and every number is known. Else the list ends before the first place of which the second
	 * dimension's leaf is not known, or with the entry that faults.
	 */
	bool complete;
	uint32_t count;
	struct explain_reference list[WALK_MAX_REFERENCES];
};

/* At the last moment. r borrows from x. */
void explain_references(const struct explanation *x, struct explain_references *r);

/* The one at that place of the grid, or NULL. */
const struct explain_reference *explain_reference_at(const struct explain_references *r,
						     enum walk_dimension dimension, uint32_t row,
						     uint32_t level);

/* Numbers of the first and last host entry for that row; false: there are none in the list. */
bool explain_host_numbers(const struct explain_references *r, uint32_t row, uint32_t *first, uint32_t *last);

#endif
