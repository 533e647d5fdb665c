/*
 * Explanations as text and as JSON (schema minivmm.explain/1).
 */
#ifndef MINIVMM_LAB_EXPLAIN_TELL_H
#define MINIVMM_LAB_EXPLAIN_TELL_H

#include <stdio.h>

#include "vmm/lab/explain/explanation.h"

/* One, or with count 2 before and after, with what disappeared. At most 100 columns. 0 or -errno. */
int explain_emit_text(const struct explanation *const xs[], uint32_t count, FILE *out);
int explain_emit_json(const struct explanation *const xs[], uint32_t count, FILE *out);

#endif
