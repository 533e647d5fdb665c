/*
 * Pieces of the outputs and of the reader of a matrix, for the files of sweep/ and for a comparison of two.
 */
#ifndef MINIVMM_LAB_SWEEP_PARTS_H
#define MINIVMM_LAB_SWEEP_PARTS_H

#include <stdio.h>

#include "vmm/lab/sweep/key.h"
#include "vmm/output/fields.h"
#include "vmm/output/json.h"
#include "vmm/output/table.h"

/*
 * The head of the file minivmm.sweep/2, members of struct matrix. A comparison lists those that differ of the fields with
 * HEAD_COMPARED, here and in the object "plan".
 */
#define HEAD_COMPARED 1U
extern const struct fields matrix_head_fields, matrix_plan_fields;

/* New references, NULL: no memory. */
json_t *cell_json(const struct matrix_cell *cell);
json_t *matrix_predictions_json(const struct matrix *m); /* json_null where --predict was not given */

/*
 * Four members of *object, null where the estimate has no allocations: its value, its interval as [low, high], how often such
 * an interval holds the true value (PREFIXcoverage), and the interval again as PREFIXci95, null where that is less than 95 %.
 */
void estimate_put(json_t **object, const char *value, const char *prefix, const struct estimate *est);

/* The key of a cell; NULL: null. */
static inline json_t *key_json(const struct matrix_cell *cell)
{
	return cell != NULL ? json_words(cell->key) : json_null();
}

/* The members by which a reader finds a cell again without its key: kind to vcpus. */
void configuration_put(json_t **object, const struct matrix_cell *cell);

/*
 * Reading. What was complained about stands in at->complaint; what *m or *run owns until then is released by its owner.
 */
void matrix_read_members(const struct node *root, struct matrix *m);
void cells_read(const struct node *root, struct matrix *m);
void run_read(const struct node *at, struct matrix_run *run); /* *run is zeroed before */

/* Sections of the text. Each prints nothing where the matrix has no data for it. 0 or -errno. */
int matrix_figures_text(const struct matrix *m, FILE *out);
/* Faults and NUMA counts beside the figures, where memory is populated while it is measured. */
int matrix_faults_text(const struct matrix *m, FILE *out);
int matrix_translation_text(const struct matrix *m, FILE *out);
int matrix_twins_text(const struct matrix *m, FILE *out);
int matrix_speed_ups_text(const struct matrix *m, FILE *out);
int matrix_knees_text(const struct matrix *m, FILE *out);
/* What the model says, where --predict was given. */
int matrix_predictions_text(const struct matrix *m, FILE *out);

/* Which part of a cell a row is of, two columns: the workload with its variant, and the working set. */
void text_put_part(struct table *table, const struct matrix_cell *cell, const struct matrix_figure *f);

/* The columns that say which cell a row is of, in every table, one an axis and the side: their titles, and their texts. */
#define CONFIG_TITLES "-guest", "-backing", "prealloc", "smp", "irqchip", "-side"
#define CONFIG_COLUMNS (AXES + 1)
void text_put_config(struct table *table, const struct matrix_cell *cell);

/*
 * Hide the columns from `first` on that say the same in each row; what they say goes into the line "all", with which
 * the table begins.
 */
void text_fold_config(struct table *table, uint32_t first, FILE *out);

/* A figure, its interval's two ends: three texts; "-" where there is none. `scale` as in text_scale_of. */
void text_put_estimate(struct table *table, const struct estimate *est, double scale);

/* By what a figure is multiplied for a reader, and what its unit is called then: cycles, GB/s, M upd/s. */
double text_scale_of(const char *unit, const char **name);

#endif
