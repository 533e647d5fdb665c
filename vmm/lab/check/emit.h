/*
 * The check's report as text, JSON (schema minivmm.check/1) or TAP.
 */
#ifndef MINIVMM_LAB_CHECK_EMIT_H
#define MINIVMM_LAB_CHECK_EMIT_H

#include <stdint.h>
#include <stdio.h>

#include "vmm/lab/check/report.h"
#include "vmm/lab/check/require.h"

#define CHECK_SCHEMA "minivmm.check/1"

/* requirements may be NULL with count 0. 0 or -errno. */
int check_emit_text(const struct check_report *report, const struct requirement *requirements, uint32_t count,
		    FILE *out);
int check_emit_json(const struct check_report *report, const struct requirement *requirements, uint32_t count,
		    FILE *out);
int check_emit_tap(const struct check_report *report, const struct requirement *requirements, uint32_t count,
		   FILE *out);

#endif
