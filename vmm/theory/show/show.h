/*
 * What theory says, as text for people (at most 100 columns) and as JSON for programs (schema minivmm.model/1).
 *
 * X_text returns 0 or -errno; X_json a new reference, or NULL: no memory.
 */
#ifndef MINIVMM_THEORY_SHOW_SHOW_H
#define MINIVMM_THEORY_SHOW_SHOW_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "vmm/theory/simulate/closed_form.h"
#include "vmm/theory/simulate/simulate.h"
#include "vmm/theory/walk/scale.h"
#include "vmm/theory/walk/walk_list.h"

#define MODEL_SCHEMA "minivmm.model/1"

/* The document. */

/* The counts of all walks, each found by walk_list_make(). */
#define TABLE_LEAVES 3
#define TABLE_SIDES (2 * TABLE_LEAVES) /* 4-level 4K, 2M, 1G, then 5-level */
#define TABLE_COLUMNS \
	(TABLE_SIDES + 1 + TABLE_LEAVES) /* nested by host, native, shadow by the leaf of the backing */
struct theory_table {
	/* A row of TABLE_COLUMNS for each side of the guest, then TABLE_SIDES of a guest without paging. */
	struct theory_count {
		struct walk_plan plan;
		uint32_t references;
	} counts[TABLE_SIDES * TABLE_COLUMNS + TABLE_SIDES];
};

/* 0 or -ENOMEM. */
int theory_table_make(struct theory_table *t);

/* What was asked for; NULL: not asked for. All borrowed. */
struct theory {
	int argc; /* as given, for the record */
	char *const *argv;
	const struct theory_table *table;
	const struct walk_list *list;
	const struct scale *scale;
	const struct simulation_series *simulation;
};

/* Flushed. */
int theory_text(const struct theory *t, FILE *out);

/* One document, written and flushed. 0 or -errno. */
int theory_json(const struct theory *t, FILE *out);

/* For --cpu help: the descriptions in the binary, how a description is written, and its parameters. */
int cpu_list_text(FILE *out);

/* The parts of the document. */

int theory_table_text(const struct theory_table *t, FILE *out);
json_t *theory_table_json(const struct theory_table *t);

int walk_list_text(const struct walk_list *list, FILE *out);
json_t *walk_list_json(const struct walk_list *list);

int scale_text(const struct scale *s, FILE *out);
json_t *scale_json(const struct scale *s);

/* The CPU and how well its parameters are known, what is assumed, then the rows. Text has two tables of them. */
int simulation_text(const struct simulation_series *s, FILE *out);
json_t *simulation_json(const struct simulation_series *s);

/* Beside measured values, of a run or of each configuration of a sweep. */

/* The formula and its letters, once before all tables. */
void prediction_legend_text(const struct prediction *p, FILE *out);

/* The points, then the constant and the error of what was held out. Nothing for NULL. */
int prediction_text(const struct prediction *p, FILE *out);

/* null for NULL. */
json_t *prediction_json(const struct prediction *p);

/* Pieces that several parts have. */

/* Name, title and unit of the CPU, the origins of its parameters, and which are uncertain. */
void cpu_text(const struct cpu_model *cpu, FILE *out);
json_t *cpu_json(const struct cpu_model *cpu);

#define WALK_TEXT_BYTES 192

/* "nested: 4K pages in the guest's 4-level tables, 2M in the host's 4-level tables (EPT or NPT)". Returns buf. */
const char *walk_plan_text(const struct walk_plan *plan, char buf[WALK_TEXT_BYTES]);

/* How many references come to be `count`: "(4+1)(3+1)-1 = 19" nested, "4" elsewhere. Returns buf. */
const char *walk_formula(const struct walk_plan *plan, uint32_t count, char buf[WALK_TEXT_BYTES]);

/* The plan's members into *object; those that its kind has no use for are null. */
void walk_plan_put(json_t **object, const struct walk_plan *plan);

#endif
