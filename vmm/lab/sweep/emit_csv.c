/*
 * A matrix as CSV: one header line, one line a cell and figure; a cell without figures has one line too, which says why.
 */
#include "vmm/lab/sweep/csv_columns.h"
#include "vmm/output/csv.h"

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
		int ret = run_counts_medians(line.cell, line.medians);

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
