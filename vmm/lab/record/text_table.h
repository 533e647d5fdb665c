/*
 * The parts of the text report, for emit_text alone.
 */
#ifndef MINIVMM_LAB_RECORD_TEXT_TABLE_H
#define MINIVMM_LAB_RECORD_TEXT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "vmm/lab/record/record.h"
#include "vmm/output/table.h"

/* What was asked, and what the kernel and KVM say was done. */
void text_asked(const struct record *rec, FILE *out);
void text_observed(const struct record *rec, FILE *out);

/* The pool at each moment in /proc/meminfo's terms; nothing where the backing has none. */
void text_pool(const struct record *rec, FILE *out);

/* One row a result from the column table, or a matrix for a workload of many strides; and a legend. 0 or -errno. */
int text_results(const struct record *rec, FILE *out);

/*
 * Whether a workload's results are a matrix, pages down and strides across, because rows would be too many:
 * in_matrix[] by enum workload_id.
 */
void matrix_choose(const struct record *rec, bool in_matrix[WORKLOAD_COUNT]);

/* Print the matrix of one workload and what it leaves out of the rows. */
void text_matrix(const struct record *rec, enum workload_id workload, FILE *out);

/* What differences between rows mean: translation, refill after an exit, lost levels. Nothing where there are none. */
void text_findings(const struct record *rec, FILE *out);

/* What the rows' notes say, each sentence once, and what the host did in the timed parts. */
void text_notes(const struct record *rec, FILE *out);

/* The rows that stand for a part where text shows one: of all vCPUs, or of the only one. */
static inline int32_t text_vcpu(const struct record *rec)
{
	return rec->config.vcpus > 1 ? -1 : 0;
}

#endif
