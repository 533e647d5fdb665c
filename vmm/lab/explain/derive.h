/*
 * What nobody can read but follows from what was read: the second dimension's leaves and entries, the shadow leaf, the references
 * of one miss; and in sentences what does not fit together. Pure.
 */
#ifndef MINIVMM_LAB_EXPLAIN_DERIVE_H
#define MINIVMM_LAB_EXPLAIN_DERIVE_H

#include "vmm/lab/explain/explanation.h"
#include "vmm/core/machine/memmap.h"

/*
 * Complete *x, of which everything but what is marked as derived has been filled in. `map` says where slots end: no leaf reaches
 * beyond one. nx_huge_pages as in host_facts: KVM splits pages that hold code where it begins with Y.
 */
void explain_derive(const struct memmap *map, const char *nx_huge_pages, struct explanation *x);

/* Add a sentence to x->notes; one too many, or one that is there, is dropped. */
void explain_note(struct explanation *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
