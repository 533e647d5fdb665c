/*
 * The columns of a result: text, CSV and JSON results[] all come from columns.def.
 */
#ifndef MINIVMM_LAB_RECORD_COLUMNS_H
#define MINIVMM_LAB_RECORD_COLUMNS_H

#include "vmm/lab/record/record.h"
#include "vmm/output/table.h"

/* Rows are of struct result, `all` is their struct record. */
extern const struct columns result_columns;

#endif
