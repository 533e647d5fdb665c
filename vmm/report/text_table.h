/*
 * The parts of the text report, for emit_text alone.
 */
#ifndef MINIVMM_REPORT_TEXT_TABLE_H
#define MINIVMM_REPORT_TEXT_TABLE_H

#include <stdio.h>

#include "vmm/report/record.h"

/* One row a result, from the column table, and a legend. */
void text_results(const struct record *rec, FILE *out);

/* chase - packed, for each working set that has both. Nothing where there is none. */
void text_translation_cost(const struct record *rec, FILE *out);

/* What the rows' notes say, each sentence once, and what the host did in the timed parts. */
void text_notes(const struct record *rec, FILE *out);

#endif
