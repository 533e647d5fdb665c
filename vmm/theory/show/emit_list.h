/*
 * The references of one TLB miss in their order, for people and for programs.
 */
#ifndef MINIVMM_THEORY_SHOW_EMIT_LIST_H
#define MINIVMM_THEORY_SHOW_EMIT_LIST_H

#include <jansson.h>
#include <stdio.h>

#include "vmm/theory/walk/walk_list.h"

/* 0 or -errno. */
int list_emit_text(const struct walk_list *list, FILE *out);

/* A new reference; NULL: no memory. */
json_t *list_json(const struct walk_list *list);

#endif
