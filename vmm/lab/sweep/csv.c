/*
 * A matrix as CSV: one header line, one line a cell and figure; a cell without figures has one line too, which says why.
 */
#include <math.h>

#include "units.h"
#include "vmm/lab/sweep/matrix.h"
#include "vmm/lab/sweep/derive.h"
#include "vmm/output/output.h"
#include "vmm/output/table.h"

struct csv_line {
	const struct matrix_cell *cell;
	const struct matrix_figure *figure; /* NULL: the cell has none */
	double medians[RUN_COUNTS];         /* NAN: no run knows it */
};

#define COLUMN(id, name, kind, value)                                             \
	static void get_##id(const void *all, const void *row, struct datum *out) \
	{                                                                         \
		const struct csv_line *const line = row;                          \
		const struct matrix_cell *const c = line->cell;                   \
		const struct matrix_figure *const f = line->figure;               \
                                                                                  \
		const struct matrix *const m = all;                               \
                                                                                  \
		(void)m;                                                          \
		(void)c;                                                          \
		(void)f;                                                          \
		datum_##kind(out, value);                                         \
	}
#define OF_FIGURE(id, name, kind, value)                                                      \
	static void get_##id(const void *all, const void *row, struct datum *out)             \
	{                                                                                     \
		const struct matrix_figure *const f = ((const struct csv_line *)row)->figure; \
                                                                                              \
		(void)all;                                                                    \
		if (f != NULL)                                                                \
			datum_##kind(out, value);                                             \
	}
#define OF_ESTIMATE(id, name, estimate, part) \
	OF_FIGURE(id, name, real, f->estimate.count != 0 ? f->estimate.part : NAN)
#include "vmm/lab/sweep/csv_columns.def"
#undef COLUMN
#undef OF_FIGURE
#undef OF_ESTIMATE

static const struct column list[] = {
#define COLUMN(id, name, ...) { name, IN_CSV, get_##id, NULL, 0, NULL, NULL },
#define OF_FIGURE COLUMN
#define OF_ESTIMATE COLUMN
#include "vmm/lab/sweep/csv_columns.def"
#undef COLUMN
#undef OF_FIGURE
#undef OF_ESTIMATE
};

static const struct columns columns = { list, COUNT_OF(list) };

int matrix_csv(const struct matrix *m, FILE *out)
{
	columns_csv_head(&columns, out);
	for (uint32_t i = 0; i < m->datum_count; i++) {
		struct csv_line line = { .cell = &m->cells[i] };
		int ret = run_counts_medians(line.cell, line.medians);

		if (ret != 0)
			return ret;
		for (uint32_t f = 0; f < line.cell->figure_count; f++) {
			line.figure = &line.cell->figures[f];
			columns_csv_row(&columns, m, &line, out);
		}
		if (line.cell->figure_count == 0)
			columns_csv_row(&columns, m, &line, out);
	}
	return stream_finish(out);
}
