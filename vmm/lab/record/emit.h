/*
 * A record as text, CSV or JSON, from one table of columns.
 */
#ifndef MINIVMM_LAB_RECORD_EMIT_H
#define MINIVMM_LAB_RECORD_EMIT_H

#include <stdbool.h>
#include <stdio.h>

#include "vmm/lab/record/record.h"
#include "vmm/util/error.h"

/* One screen, at most 100 columns; colour only when asked. 0 or -errno. */
int emit_text(const struct record *rec, FILE *out, bool colour);
int emit_csv(const struct record *rec, FILE *out);
int emit_json(const struct record *rec, FILE *out);

/* Write with one of the above to `path`, "-" meaning stdout, whole or not at all (output.h). Errors name the path. */
int emit_file(const struct record *rec, const char *path, int (*emit)(const struct record *, FILE *),
	      struct error *e);

#endif
