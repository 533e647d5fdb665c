/*
 * The sentences under an explanation: what disagrees with what, and what could not be known. Internal to explain/. Pure.
 */
#ifndef MINIVMM_LAB_EXPLAIN_DERIVE_NOTES_H
#define MINIVMM_LAB_EXPLAIN_DERIVE_NOTES_H

#include "vmm/lab/explain/explanation.h"

/* *x is complete but for these notes. nx_huge_pages as in host_facts. */
void derive_notes(const char *nx_huge_pages, struct explanation *x);

#endif
