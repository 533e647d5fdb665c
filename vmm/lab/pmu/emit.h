/*
 * What the PMU was asked for and what it counted, as JSON and text; for the record and for `check`.
 */
#ifndef MINIVMM_LAB_PMU_EMIT_H
#define MINIVMM_LAB_PMU_EMIT_H

#include <jansson.h>
#include <stdio.h>

#include "vmm/lab/record/record.h"

/* The member `pmu` of record and check; null for NULL. */
json_t *pmu_plan_json(const struct pmu_plan *plan);

/* The member `pmu` of a result: one entry an event of the plan; null where nothing was asked for or kept. */
json_t *pmu_counts_json(const struct pmu_plan *plan, const struct pmu_counts *counts);

/*
 * What can be counted and what not, and why: one paragraph each, reasons told once. `label` stands in front of the
 * first.
 */
void pmu_plan_text(const struct pmu_plan *plan, const char *label, FILE *out);

/* Behind the table of results: for each row the counts an operation. Nothing where nothing was asked for. */
void text_pmu(const struct record *rec, FILE *out);

#endif
