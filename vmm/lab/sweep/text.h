/*
 * The parts of the text report of a matrix, for emit_text.c; and what a comparison's table shares with them. Each prints
 * nothing where it has nothing to say and returns 0 or -errno.
 */
#ifndef MINIVMM_LAB_SWEEP_TEXT_H
#define MINIVMM_LAB_SWEEP_TEXT_H

#include <stdio.h>

#include "vmm/lab/sweep/matrix.h"
#include "vmm/output/grid.h"

/* What was run, on what, and what could not be. */
void text_matrix_head(const struct matrix *m, FILE *out);
void text_matrix_not_run(const struct matrix *m, FILE *out);

int text_matrix_figures(const struct matrix *m, FILE *out);
/* Faults and NUMA counts beside the figures, where memory comes while it is measured. */
int text_matrix_faults(const struct matrix *m, FILE *out);
int text_matrix_translation(const struct matrix *m, FILE *out);
int text_matrix_speed_ups(const struct matrix *m, FILE *out);
int text_matrix_knees(const struct matrix *m, FILE *out);
/* What the model says; of files that were asked for it alone. */
int text_matrix_predictions(const struct matrix *m, FILE *out);

/* The columns that say which cell a row is of, in every table: their titles, and their texts. */
#define CONFIG_TITLES "-guest", "-backing", "prealloc", "smp", "irqchip"
#define CONFIG_COLUMNS 5
void text_put_config(struct grid *g, const struct matrix_cell *cell);

/* "hugetlb:2M" as --backing of a sweep takes it; of GRID_CELL_BYTES. Returns buf. */
const char *text_backing(const struct matrix_cell *cell, char *buf);

/*
 * Hide the columns from `first` on that say the same in each row; what they say goes into the line "all", with which
 * the table begins.
 */
void text_fold_config(struct grid *g, uint32_t first, FILE *out);

/* A figure, its interval's two ends: three texts; "-" where there is none. `scale` as in text_scale_of. */
void text_put_estimate(struct grid *g, const struct estimate *est, double scale);

/* By what a figure is multiplied for a reader, and what its unit is called then: cycles, GB/s, M upd/s. */
double text_scale_of(const char *unit, const char **name);

#endif
