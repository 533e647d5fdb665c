/*
 * What a guest of a size costs, for people and for programs.
 */
#ifndef MINIVMM_THEORY_SHOW_EMIT_SCALE_H
#define MINIVMM_THEORY_SHOW_EMIT_SCALE_H

#include <jansson.h>
#include <stdio.h>

#include "vmm/theory/walk/scale.h"

/* 0 or -errno. */
int scale_emit_text(const struct scale *s, FILE *out);

/* A new reference; NULL: no memory. */
json_t *scale_json(const struct scale *s);

#endif
