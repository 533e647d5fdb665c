/*
 * What theory says, for people and for programs: parts that were asked for, each worked out by its own room.
 */
#ifndef MINIVMM_THEORY_SHOW_THEORY_H
#define MINIVMM_THEORY_SHOW_THEORY_H

#include <stdio.h>

#include "vmm/theory/walk/scale.h"
#include "vmm/theory/walk/walk_list.h"
#include "vmm/theory/show/simulation.h"
#include "vmm/theory/show/table.h"

#define MODEL_SCHEMA "minivmm.model/1"

/* NULL: not asked for. All borrowed. */
struct theory {
	int argc; /* as given, for the record */
	char *const *argv;
	const struct theory_table *table;
	const struct walk_list *list;
	const struct scale *scale;
	const struct theory_simulation *simulation;
};

/* Text of at most 100 columns, flushed. 0 or -errno. */
int theory_emit_text(const struct theory *t, FILE *out);

/* One document of schema minivmm.model/1. 0 or -errno. */
int theory_emit_json(const struct theory *t, FILE *out);

#endif
