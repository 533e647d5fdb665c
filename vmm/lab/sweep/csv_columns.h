/*
 * The columns of a matrix's CSV, in order.
 */
#ifndef MINIVMM_LAB_SWEEP_CSV_COLUMNS_H
#define MINIVMM_LAB_SWEEP_CSV_COLUMNS_H

#include "vmm/lab/sweep/matrix.h"
#include "vmm/lab/sweep/derive.h"
#include "vmm/lab/record/columns.h"

struct csv_line {
	const struct matrix_cell *cell;
	const struct matrix_figure *figure; /* NULL: the cell has none */
	double medians[RUN_COUNTS];         /* NAN: no run knows it */
};

struct csv_column {
	const char *name;
	/* *out comes as CELL_NONE, which stays where the value is not known. */
	void (*get)(const struct csv_line *line, struct cell *out);
};

extern const struct csv_column csv_columns[];
extern const uint32_t csv_column_count;

#endif
