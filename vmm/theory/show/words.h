/*
 * What a walk is in words and in a formula.
 */
#ifndef MINIVMM_THEORY_SHOW_WORDS_H
#define MINIVMM_THEORY_SHOW_WORDS_H

#include <jansson.h>

#include "vmm/theory/walk/walk_list.h"

#define THEORY_WORDS_BYTES 192

/* "4K pages in the guest's 4-level tables, 2M in the host's 4-level tables (EPT or NPT)". Returns buf. */
const char *theory_plan_words(const struct walk_plan *plan, char buf[THEORY_WORDS_BYTES]);

/* How many come to be `count`: "(4+1)(3+1)-1 = 19" nested, "4" elsewhere. Returns buf. */
const char *theory_formula(const struct walk_plan *plan, uint32_t count, char buf[THEORY_WORDS_BYTES]);

/* The plan's members into *object; what its kind has no use for is null. */
void theory_put_plan(json_t **object, const struct walk_plan *plan);

#endif
