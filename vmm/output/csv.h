/*
 * Fields of CSV (RFC 4180), for all outputs of that kind.
 */
#ifndef MINIVMM_OUTPUT_CSV_H
#define MINIVMM_OUTPUT_CSV_H

#include <stdio.h>

#include "vmm/lab/record/columns.h"

/*
 * One field, without the comma: text is quoted, with quotes inside doubled, so none can break out of its field; unknown
 * and "" are empty. Errors stay in the stream.
 */
void csv_put(FILE *out, const struct cell *cell);

/* Flush. 0, or -errno where this or anything written before failed. */
int csv_finish(FILE *out);

#endif
