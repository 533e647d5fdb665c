/*
 * `minivmm pool show` and `minivmm pool plan` as text and JSON.
 */
#ifndef MINIVMM_HOST_POOL_EMIT_H
#define MINIVMM_HOST_POOL_EMIT_H

#include <stdio.h>

#include "vmm/host/pool/report.h"

#define POOL_SCHEMA "minivmm.pool/1"
#define POOL_PLAN_SCHEMA "minivmm.pool-plan/1"

/*
 * Text of 100 columns; a command that is longer is continued as a shell continues it. JSON: sizes in bytes, counts
 * in pages, null for a limit that is not in force and for what is not known. 0 or -errno.
 */
int pool_show_text(const struct pool_report *report, FILE *out);
int pool_show_json(const struct pool_report *report, FILE *out);
int pool_plan_text(const struct pool_report *report, const struct pool_plan *plan, FILE *out);
int pool_plan_json(const struct pool_report *report, const struct pool_plan *plan, FILE *out);

#endif
