/*
 * Rows of a record, for the files of report/ alone: making room, and what a reader or judge asks of rows.
 */
#ifndef MINIVMM_LAB_RECORD_ROWS_H
#define MINIVMM_LAB_RECORD_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/lab/record/record.h"

/*
 * Room for one more row behind the last: the caller fills it and then increments result_count. NULL: no memory.
 * Pointers to other rows are no longer valid afterwards.
 */
struct result *rows_new(struct record *rec);

/* A row of one vCPU, not a combined one. */
static inline bool row_is_single(const struct result *r)
{
	return r->vcpu >= 0;
}

/* Rows of the same part of the same step, of whatever vCPU. */
static inline bool same_part(const struct result *a, const struct result *b)
{
	return a->step == b->step && a->variant == b->variant;
}

/* A row of a workload that touches memory to speak of. */
static inline bool row_has_working_set(const struct result *r)
{
	return workload_table[r->workload].default_set != SET_NONE;
}

static inline bool row_has_stride(const struct result *r)
{
	return r->stride_bytes != 0;
}

/* A row whose exits or faults are its subject, so that their number an operation is worth showing. */
static inline bool row_may_exit(const struct result *r)
{
	return r->may_exit && r->operations != 0;
}

static inline bool row_logs_dirty(const struct result *r)
{
	return r->dirty_pages >= 0;
}

/* Whether any row is so. */
bool rows_any(const struct record *rec, bool (*is_so)(const struct result *r));

#endif
