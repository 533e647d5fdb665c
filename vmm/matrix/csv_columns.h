/*
 * The columns of a matrix's CSV, in order.
 */
#ifndef MINIVMM_MATRIX_CSV_COLUMNS_H
#define MINIVMM_MATRIX_CSV_COLUMNS_H

#include "vmm/matrix/matrix.h"
#include "vmm/report/columns.h"

/* Counts of a run that stand beside the figures as medians over the cell's runs. */
enum run_count {
	RUN_MINOR_FAULTS,
	RUN_MAJOR_FAULTS,
	RUN_HOST_MINOR_FAULTS,
	RUN_HOST_MAJOR_FAULTS,
	RUN_NUMA_HIT,
	RUN_NUMA_MISS,
	RUN_COUNTS
};

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
