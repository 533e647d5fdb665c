/*
 * The parts of an explanation's text, in the order in which they are printed.
 */
#ifndef MINIVMM_EXPLAIN_TELL_PARTS_H
#define MINIVMM_EXPLAIN_TELL_PARTS_H

#include <stdio.h>

#include "vmm/explain/references.h"

/* Columns before what a line says: numbers, and how it is known. */
#define TELL_REFS_COLUMNS 7
#define TELL_LEFT_COLUMNS 16

/* What was asked, of which machine, on which host. */
void tell_head(const struct explanation *x, FILE *out);

/* The walk at the last moment, one paragraph a row of the figure, then how it ends. */
void tell_walk(const struct explanation *x, const struct explain_references *r, FILE *out);

/* The CPU's walk under shadow paging, and what KVM reads to build its table. */
void tell_shadow(const struct explanation *x, const struct explain_references *r, FILE *out);

/* One entry of the guest's; `refs` is its number, or "". */
void tell_entry(const struct explanation *x, uint32_t step, const char *refs, FILE *out);

/* "0x1000: slot 0, hva 0x7f..., host page 4K, frame 0x...". */
const char *tell_place(const struct explanation *x, const struct explain_place *place, char *buf);

/* How many, by which formula, what is read and what derived. */
void tell_total(const struct explanation *x, const struct explain_references *r, FILE *out);

/* What the moments changed. 0 or -errno. */
int tell_changes(const struct explanation *x, FILE *out);

/* What KVM says itself, its count of leaves, notes. */
void tell_checks(const struct explanation *x, FILE *out);

/* Two in short, what disappeared, and the ratio. 0 or -errno. */
int tell_comparison(const struct explanation *const xs[2], FILE *out);

#endif
