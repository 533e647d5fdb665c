/*
 * Words that text and picture share: flags, changes, sizes, formulae, what a fault is. All write into a buffer of the
 * caller and return it.
 */
#ifndef MINIVMM_LAB_EXPLAIN_WORDS_H
#define MINIVMM_LAB_EXPLAIN_WORDS_H

#include "vmm/lab/explain/references.h"

#define WORDS_BYTES 256

/* "EPT", "NPT"; "host" for others. Never NULL. */
const char *words_second_dimension(const struct explanation *x);

/* "4K", "1G"; "?" for 0. */
const char *words_size(uint64_t bytes, char *buf);

/* "P RW US A D PS G NX": those that are set and mean something at that level; "P=0" where nothing else counts. */
const char *words_flags(const struct page_walk_step *step, char *buf);

/* What became different in entry number `step` from moment to moment: "+A read, +D write"; "" for nothing. */
const char *words_changes(const struct explanation *x, uint32_t step, char *buf);

/* "(4+1)(4+1)-1 = 24", or the sum where host leaves differ; "" where the count is not known. */
const char *words_formula(const struct explanation *x, const struct explain_references *r, char *buf);

/* "#PF at the PDE: not present (P=0)"; "" for none. */
const char *words_fault(const struct explanation *x, char *buf);

/* "#PF: not present"; "" for none. */
const char *words_fault_short(const struct explanation *x, char *buf);

/* "4K", or "4K (tables), 2M (data)": what the host's pages are; "not known". */
const char *words_host_pages(const struct explanation *x, char *buf);

#endif
