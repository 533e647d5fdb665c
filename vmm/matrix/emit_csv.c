/*
 * A matrix as CSV: one header line, one line a cell and figure; a cell without figures has one line too, which says why.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "vmm/matrix/csv_columns.h"
#include "vmm/report/csv.h"

static const size_t count_offsets[RUN_COUNTS] = {
	[RUN_MINOR_FAULTS] = offsetof(struct matrix_run, minor_faults),
	[RUN_MAJOR_FAULTS] = offsetof(struct matrix_run, major_faults),
	[RUN_HOST_MINOR_FAULTS] = offsetof(struct matrix_run, host_minor_faults),
	[RUN_HOST_MAJOR_FAULTS] = offsetof(struct matrix_run, host_major_faults),
	[RUN_NUMA_HIT] = offsetof(struct matrix_run, numa_hit),
	[RUN_NUMA_MISS] = offsetof(struct matrix_run, numa_miss),
};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of those runs that know the count; scratch has room for one a run. */
static double median_of_runs(const struct matrix_cell *cell, size_t offset, double *scratch)
{
	uint32_t known = 0, below;

	for (uint32_t i = 0; i < cell->run_count; i++) {
		int64_t count = *(const int64_t *)((const char *)&cell->runs[i] + offset);

		if (count >= 0)
			scratch[known++] = (double)count;
	}
	if (known == 0)
		return NAN;
	qsort(scratch, known, sizeof(*scratch), by_value);
	below = (known - 1) / 2;
	return (scratch[below] + scratch[known / 2]) / 2;
}

/* 0 or -ENOMEM. */
static int find_medians(struct csv_line *line)
{
	double *scratch = calloc(line->cell->run_count + (size_t)1, sizeof(*scratch));

	if (scratch == NULL)
		return -ENOMEM;
	for (int i = 0; i < RUN_COUNTS; i++)
		line->medians[i] = median_of_runs(line->cell, count_offsets[i], scratch);
	free(scratch);
	return 0;
}

/* Of values; of headers where line is NULL. */
static void put_line(const struct csv_line *line, FILE *out)
{
	for (uint32_t i = 0; i < csv_column_count; i++) {
		struct cell field = { .type = CELL_NONE };

		if (i != 0)
			(void)fputc(',', out);
		if (line == NULL)
			(void)fputs(csv_columns[i].name, out);
		else
			csv_columns[i].get(line, &field);
		csv_put(out, &field);
	}
	(void)fputc('\n', out);
}

int matrix_emit_csv(const struct matrix *m, FILE *out)
{
	put_line(NULL, out);
	for (uint32_t i = 0; i < m->cell_count; i++) {
		struct csv_line line = { .cell = &m->cells[i] };
		int ret = find_medians(&line);

		if (ret != 0)
			return ret;
		for (uint32_t f = 0; f < line.cell->figure_count; f++) {
			line.figure = &line.cell->figures[f];
			put_line(&line, out);
		}
		if (line.cell->figure_count == 0)
			put_line(&line, out);
	}
	return csv_finish(out);
}
