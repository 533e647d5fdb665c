/*
 * A record as text, CSV or JSON (schema minivmm.run/1). All writers return 0 or -errno.
 */
#ifndef MINIVMM_LAB_RECORD_WRITE_H
#define MINIVMM_LAB_RECORD_WRITE_H

#include <stdbool.h>
#include <stdio.h>

#include "vmm/lab/record/record.h"
#include "vmm/output/table.h"

/* One screen, at most 100 columns; with colour where `out` is a terminal. */
int record_text(const struct record *rec, FILE *out);
int record_csv(const struct record *rec, FILE *out);
int record_json(const struct record *rec, FILE *out);

/* The columns of a result (columns.def): rows are of struct result, `all` is their struct record. */
extern const struct columns result_columns;

/* The parts of the text. */

/* What was asked, and what the kernel and KVM say was done. */
void text_asked(const struct record *rec, FILE *out);
void text_observed(const struct record *rec, FILE *out);

/* The pool at each moment in /proc/meminfo's terms; nothing where the backing has none. */
void text_pool(const struct record *rec, FILE *out);

/* One row a result, or a matrix for a workload of many strides; and a legend. 0 or -ENOMEM. */
int text_results(const struct record *rec, FILE *out);

/*
 * Whether a workload's results are a matrix, pages down and strides across, because rows would be too many:
 * in_matrix[] by enum workload_id.
 */
void matrix_choose(const struct record *rec, bool in_matrix[WORKLOAD_COUNT]);

/* What differences between rows mean, if there are any: translation, refill after an exit, lost levels. */
void text_findings(const struct record *rec, FILE *out);

/* Behind the table of results: for each row the counts an operation. Nothing where nothing was asked for. */
void text_pmu(const struct record *rec, FILE *out);

#endif
