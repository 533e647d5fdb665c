/*
 * Words and numbers that text, JSON and picture share, and the parts of the text. words_* write into a buffer
 * of WORDS_BYTES of the caller's and return it, or return a constant string.
 */
#ifndef MINIVMM_LAB_EXPLAIN_TEXT_H
#define MINIVMM_LAB_EXPLAIN_TEXT_H

#include <stdio.h>

#include "vmm/lab/explain/explanation.h"

#define WORDS_BYTES 256

/* "EPT", "NPT"; "host" for others. Never NULL. */
const char *words_second_dimension(const struct explanation *x);

/* "4K", "1G"; "?" for 0. */
const char *words_size(uint64_t bytes, char *buf);

/*
 * "P RW US A D PS G NX": those that are set and mean something at that level; "P=0" where nothing else
 * counts.
 */
const char *words_flags(const struct page_walk_step *step, char *buf);

/* What became different in entry number `step` from moment to moment: "+A read, +D write"; "" for nothing. */
const char *words_changes(const struct explanation *x, uint32_t step, char *buf);

/* "(4+1)(4+1)-1 = 24", or the sum where host leaves differ; "" where the count is not known. */
const char *words_formula(const struct explanation *x, char *buf);

/* "#PF at the PDE: not present (P=0)"; "" for none. */
const char *words_fault(const struct explanation *x, char *buf);

/* "#PF: not present"; "" for none. */
const char *words_fault_short(const struct explanation *x, char *buf);

/* "4K", or "4K (tables), 2M (data)": what the host's pages are; "not known". */
const char *words_host_pages(const struct explanation *x, char *buf);

/* Columns of the text before what a line says: the numbers of references, and how it is known. */
#define TEXT_REFS_COLUMNS 7
#define TEXT_LEFT_COLUMNS 16

/*
 * The walk at the last moment, one paragraph a row of the grid, then how it ends. With shadow paging the
 * CPU's walk, and what KVM reads to build its table.
 */
void explain_put_walk(const struct explanation *x, FILE *out);

#endif
