/*
 * The parts of a comparison, for it alone.
 */
#ifndef MINIVMM_LAB_COMPARE_PARTS_H
#define MINIVMM_LAB_COMPARE_PARTS_H

#include "vmm/lab/compare/compare.h"

/* What differs in meaning, so that no ratio would mean anything: the first few in words, and how many. */
struct meaning {
	uint32_t count;
	char first[400];
};

void meaning_differs(struct meaning *meaning, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Find the figures of both into c->figures, without ratios; what one has alone, and what is left out. -ENOMEM; a json_t
 * that could not grow is NULL then, which comparison_make looks for at the end.
 */
int pair_sweeps(struct comparison *c, struct meaning *meaning);

/* What differs in plan (into *meaning where it is the measurement's), version and host, into c->differences. */
void find_differences(struct comparison *c, struct meaning *meaning);

/* Ratios, p and marks of the pairs; sorts them. 0, -EINVAL or -ENOMEM. */
int judge_pairs(struct comparison *c);

#endif
