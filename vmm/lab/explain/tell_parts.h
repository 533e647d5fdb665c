/*
 * The parts of an explanation's text, in the order in which they are printed.
 */
#ifndef MINIVMM_LAB_EXPLAIN_TELL_PARTS_H
#define MINIVMM_LAB_EXPLAIN_TELL_PARTS_H

#include <stdio.h>

#include "vmm/lab/explain/references.h"

/* Columns before what a line says: numbers, and how it is known. */
#define TELL_REFS_COLUMNS 7
#define TELL_LEFT_COLUMNS 16

/* The walk at the last moment, one paragraph a row of the figure, then how it ends. */
void tell_walk(const struct explanation *x, const struct explain_references *r, FILE *out);

/* The CPU's walk under shadow paging, and what KVM reads to build its table. */
void tell_shadow(const struct explanation *x, const struct explain_references *r, FILE *out);

/* What the moments changed. 0 or -errno. */
int tell_changes(const struct explanation *x, FILE *out);

/* What KVM says itself, its count of leaves, notes. */
void tell_checks(const struct explanation *x, FILE *out);

/* Two in short, what disappeared, and the ratio. 0 or -errno. */
int tell_comparison(const struct explanation *const xs[2], FILE *out);

#endif
