/*
 * What follows from the runs of a matrix, step by step.
 */
#include "vmm/lab/sweep/derive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 8

void *array_room(void *array, uint32_t count, size_t bytes)
{
	/* Full when empty, and at each power of two from FIRST_ROOM on. */
	if (count != 0 && (count < FIRST_ROOM || (count & (count - 1)) != 0))
		return array;
	return reallocarray(array, count == 0 ? FIRST_ROOM : 2 * (size_t)count, bytes);
}

bool cell_takes_part(const struct matrix_cell *cell)
{
	return cell->state == STATE_OK || (cell->state == STATE_PENDING && cell->run_count != 0);
}

const struct matrix_figure *figure_like(const struct matrix_cell *cell, const struct matrix_figure *f)
{
	if (!cell_takes_part(cell))
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

static int by_curve(const void *a, const void *b)
{
	const struct curve_point *x = a, *y = b;
	int order = strcmp(x->configuration, y->configuration);

	if (order != 0)
		return order;
	if (x->figure->pages != y->figure->pages)
		return x->figure->pages < y->figure->pages ? -1 : 1;
	return (x->cell > y->cell) - (x->cell < y->cell);
}

int curve_points_make(const struct matrix *m, const char *workload, struct curve_point **points,
		      uint32_t *count)
{
	struct key key;

	*points = NULL;
	*count = 0;
	for (uint32_t i = 0; i < m->cell_count; i++) {
		const struct matrix_cell *cell = &m->cells[i];

		if (strcmp(cell->workload, workload) != 0 || !cell_takes_part(cell) ||
		    key_parse(cell->key, &key) != 0)
			continue;
		for (uint32_t f = 0; f < cell->figure_count; f++) {
			struct curve_point *room;

			if (cell->figures[f].value.count == 0)
				continue;
			room = array_room(*points, *count, sizeof(*room));
			if (room == NULL)
				return -ENOMEM;
			*points = room;
			room += (*count)++;
			room->cell = cell;
			room->figure = &cell->figures[f];
			key_join(&key, 1U << KEY_WORKLOAD | 1U << KEY_WORKING_SET, room->configuration);
		}
	}
	if (*count != 0)
		qsort(*points, *count, sizeof(**points), by_curve);
	return 0;
}

static void forget(struct matrix *m)
{
	for (uint32_t i = 0; i < m->cell_count; i++) {
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
	free(m->speed_ups);
	free(m->knees);
	m->translations = NULL;
	m->speed_ups = NULL;
	m->knees = NULL;
	m->translation_count = m->speed_up_count = m->knee_count = 0;
}

int matrix_derive(struct matrix *m)
{
	struct key_index index;
	int ret = 0;

	forget(m);
	for (uint32_t i = 0; i < m->cell_count && ret == 0; i++)
		ret = figures_make(&m->cells[i]);
	if (ret == 0)
		ret = key_index_make(m, &index);
	if (ret == 0) {
		ret = ratios_make(m, &index);
		if (ret == 0)
			ret = translations_make(m, &index);
		if (ret == 0)
			ret = speed_ups_make(m, &index);
		if (ret == 0)
			ret = matrix_knees_make(m);
		key_index_free(&index);
	}
	/* Half of what follows would read as all of it. */
	if (ret != 0)
		forget(m);
	return ret;
}
