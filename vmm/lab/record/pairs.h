/*
 * Rows of chase and packed that belong together: their difference is the cost of translation.
 */
#ifndef MINIVMM_LAB_RECORD_PAIRS_H
#define MINIVMM_LAB_RECORD_PAIRS_H

#include <stdbool.h>

#include "vmm/lab/record/record.h"

/*
 * Up to so many lines (64 KiB, and their page-table entries) a chase stays in the second-level cache of any
 * current CPU. There the minimum is the stable figure; beyond it, L3, DRAM and neighbours take part.
 */
#define IN_CORE_PAGES 1024

/* Whether the row has a figure and is one that text shows: of the only vCPU, or of all together. */
bool row_has_figure(const struct record *rec, const struct result *r);

/* The packed row of the working set of `chase`, or NULL. */
const struct result *packed_partner(const struct record *rec, const struct result *chase);

/* The figure to compare by: the minimum up to IN_CORE_PAGES pages, else the median. */
double row_stable_figure(const struct result *r);

#endif
