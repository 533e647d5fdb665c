/*
 * Rows of a record, for the files of report/ alone: making room, and what a reader or judge asks of rows.
 */
#ifndef MINIVMM_REPORT_ROWS_H
#define MINIVMM_REPORT_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/report/record.h"

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

#endif
