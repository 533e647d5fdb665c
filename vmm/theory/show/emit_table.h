/*
 * The table of reference counts, for people and for programs.
 */
#ifndef MINIVMM_THEORY_SHOW_EMIT_TABLE_H
#define MINIVMM_THEORY_SHOW_EMIT_TABLE_H

#include <jansson.h>
#include <stdio.h>

#include "vmm/theory/show/table.h"

/* 0 or -errno. */
int table_emit_text(const struct theory_table *t, FILE *out);

/* A new reference; NULL: no memory. */
json_t *table_json(const struct theory_table *t);

#endif
