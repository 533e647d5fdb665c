/*
 * A record as text, CSV or JSON (schema minivmm.run/1). All return 0 or -errno.
 */
#ifndef MINIVMM_LAB_RECORD_EMIT_H
#define MINIVMM_LAB_RECORD_EMIT_H

#include <stdio.h>

#include "vmm/lab/record/record.h"

/* One screen, at most 100 columns; with colour where `out` is a terminal. */
int record_text(const struct record *rec, FILE *out);
int record_csv(const struct record *rec, FILE *out);
int record_json(const struct record *rec, FILE *out);

#endif
