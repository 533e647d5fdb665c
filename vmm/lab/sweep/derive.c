/*
 * What follows from the runs of a matrix, step by step.
 */
#include "vmm/lab/sweep/derive.h"

#include <stdlib.h>
#include <string.h>

bool cell_is_compared(const struct matrix_cell *cell)
{
	return cell->state == STATE_OK || (cell->state == STATE_PENDING && cell->run_count != 0);
}

const struct matrix_figure *figure_like(const struct matrix_cell *cell, const struct matrix_figure *f)
{
	if (!cell_is_compared(cell))
		return NULL;
	for (uint32_t i = 0; i < cell->figure_count; i++) {
		const struct matrix_figure *other = &cell->figures[i];

		if (other->stride_bytes == f->stride_bytes && other->pages == f->pages &&
		    other->working_set_bytes == f->working_set_bytes && other->least == f->least &&
		    strcmp(other->variant, f->variant) == 0 && strcmp(other->unit, f->unit) == 0)
			return other->value.count != 0 ? other : NULL;
	}
	return NULL;
}

static void forget(struct matrix *m)
{
	for (uint32_t i = 0; i < m->datum_count; i++) {
		struct matrix_cell *cell = &m->cells[i];

		for (uint32_t f = 0; f < cell->figure_count; f++) {
			free(cell->figures[f].values);
			free(cell->figures[f].rounds);
		}
		free(cell->figures);
		cell->figures = NULL;
		cell->figure_count = 0;
	}
	free(m->translations);
	free(m->twins);
	free(m->speed_ups);
	free(m->knees);
	m->translations = NULL;
	m->twins = NULL;
	m->speed_ups = NULL;
	m->knees = NULL;
	m->translation_count = m->twin_count = m->speed_up_count = m->knee_count = 0;
}

int matrix_derive(struct matrix *m)
{
	struct key_index index;
	int ret = 0;

	forget(m);
	for (uint32_t i = 0; i < m->datum_count && ret == 0; i++)
		ret = figures_make(&m->cells[i]);
	if (ret == 0)
		ret = key_index_make(m, &index);
	if (ret == 0) {
		ret = ratios_make(m, &index);
		if (ret == 0)
			ret = curves_make(m, &index);
		if (ret == 0)
			ret = twins_make(m);
		if (ret == 0)
			ret = speed_ups_make(m, &index);
		key_index_free(&index);
	}
	/* Nothing is kept of a derivation that failed: a part of it would look complete. */
	if (ret != 0)
		forget(m);
	return ret;
}
