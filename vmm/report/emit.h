/*
 * A record as text, CSV or JSON, from one table of columns.
 */
#ifndef MINIVMM_REPORT_EMIT_H
#define MINIVMM_REPORT_EMIT_H

#include <stdbool.h>
#include <stdio.h>

#include "vmm/report/record.h"
#include "vmm/util/error.h"

/* One screen, at most 100 columns; colour only when asked. 0 or -errno. */
int emit_text(const struct record *rec, FILE *out, bool colour);
int emit_csv(const struct record *rec, FILE *out);
int emit_json(const struct record *rec, FILE *out);

/*
 * Write with one of the above to `path`, "-" meaning stdout: to a temporary file beside it, then rename, so that
 * nothing half-written is ever left. Errors name the path.
 */
int emit_file(const struct record *rec, const char *path, int (*emit)(const struct record *, FILE *),
	      struct error *e);

/* Whether emit_file could write to `path`, asked before the run; makes nothing. 0 or -errno with the same errors. */
int emit_check(const char *path, struct error *e);

#endif
