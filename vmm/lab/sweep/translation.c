/*
 * The cost of translation: one line a page less the same number of lines packed, in a round each.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/lab/sweep/derive.h"
#include "vmm/lab/sweep/estimate.h"

/* Leaf entries of eight pages share a cache line; the least pattern has 64 lines. */
#define PAGES_A_LINE 8
#define LEAST_PAGES 64
#define REFERENCE_WITHIN 2.0

struct packed_curves {
	struct curve_point *points;
	uint32_t count;
};

/* The first point of that configuration, or the count. */
static uint32_t first_of(const struct packed_curves *packed, const char *configuration)
{
	uint32_t low = 0, high = packed->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (strcmp(packed->points[middle].configuration, configuration) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* How many times as large the one is as the other, whichever it is; neither is 0. */
static double apart(uint64_t a, uint64_t b)
{
	return a > b ? (double)a / (double)b : (double)b / (double)a;
}

/*
 * The packed figure of as many lines as the leaf entries of `pages` pages take, or of the next number to it (of two the
 * fewer) that was measured. Within a factor of two alone: what is farther off may lie in another cache. NULL: none.
 */
static const struct matrix_figure *reference_of(const struct packed_curves *packed, const char *configuration,
						uint64_t pages)
{
	uint64_t lines = pages / PAGES_A_LINE > LEAST_PAGES ? pages / PAGES_A_LINE : LEAST_PAGES;
	const struct matrix_figure *found = NULL;

	for (uint32_t i = first_of(packed, configuration); i < packed->count; i++) {
		const struct matrix_figure *f = packed->points[i].figure;

		if (strcmp(packed->points[i].configuration, configuration) != 0)
			break;
		if (f->pages != 0 && apart(f->pages, lines) <= REFERENCE_WITHIN &&
		    (found == NULL || apart(f->pages, lines) < apart(found->pages, lines)))
			found = f;
	}
	return found;
}

/* cost / reference of each round. */
static int effective(const struct series *chase, const struct series *lines,
		     const struct matrix_figure *reference, struct matrix_translation *t)
{
	struct series per_reference = series_of(reference), cost;
	double *values = calloc(chase->count, sizeof(*values));
	uint32_t *rounds = calloc(chase->count, sizeof(*rounds));
	int ret = -ENOMEM;

	if (values != NULL && rounds != NULL) {
		cost.count = series_pair(chase, lines, PAIR_DIFFERENCE, values, rounds);
		cost.values = values;
		cost.rounds = rounds;
		t->reference_cycles = reference->value.value;
		ret = estimate_paired(&cost, &per_reference, PAIR_RATIO, &t->effective);
	}
	free(values);
	free(rounds);
	return ret;
}

/* *t zero but for `chase` and pages: no such pair. */
static int translate(const struct curve_point *chase, const struct matrix_cell *cell,
		     const struct packed_curves *packed, struct matrix_translation *t)
{
	const struct matrix_figure *lines = figure_like(cell, chase->figure), *reference;
	struct series of_chase = series_of(chase->figure), of_lines;
	int ret;

	*t = (struct matrix_translation){ .chase = chase->cell, .pages = chase->figure->pages };
	if (lines == NULL)
		return 0;
	of_lines = series_of(lines);
	ret = estimate_paired(&of_chase, &of_lines, PAIR_DIFFERENCE, &t->cost);
	if (ret != 0 || t->cost.count == 0)
		return ret;
	t->packed = cell;
	t->refs_theory = chase->figure->refs_theory;
	reference = reference_of(packed, chase->configuration, t->pages);
	return reference != NULL ? effective(&of_chase, &of_lines, reference, t) : 0;
}

static int add(struct matrix *m, const struct matrix_translation *t)
{
	struct matrix_translation *room =
		array_room(m->translations, m->translation_count, sizeof(*m->translations));

	if (room == NULL)
		return -ENOMEM;
	m->translations = room;
	room[m->translation_count++] = *t;
	return 0;
}

static const struct matrix_cell *packed_of(const struct matrix_cell *chase, const struct key_index *index)
{
	struct key key;

	if (key_parse(chase->key, &key) != 0 || key_override(&key, "workload=packed") != 0)
		return NULL;
	return key_index_find(index, &key);
}

/* In the order of the cells, as readers of the tables expect; of one cell by pages. */
static int by_cell(const void *a, const void *b)
{
	const struct matrix_translation *x = a, *y = b;

	if (x->chase != y->chase)
		return x->chase < y->chase ? -1 : 1;
	return (x->pages > y->pages) - (x->pages < y->pages);
}

int translations_make(struct matrix *m, const struct key_index *index)
{
	struct packed_curves packed = { .count = 0 };
	struct curve_point *chases = NULL;
	uint32_t count = 0;
	int ret = curve_points_make(m, "packed", &packed.points, &packed.count);

	if (ret == 0)
		ret = curve_points_make(m, "chase", &chases, &count);
	for (uint32_t i = 0; i < count && ret == 0; i++) {
		const struct matrix_cell *cell = packed_of(chases[i].cell, index);
		struct matrix_translation t;

		if (cell == NULL)
			continue;
		ret = translate(&chases[i], cell, &packed, &t);
		if (ret == 0 && t.cost.count != 0)
			ret = add(m, &t);
	}
	if (m->translation_count != 0)
		qsort(m->translations, m->translation_count, sizeof(*m->translations), by_cell);
	free(packed.points);
	free(chases);
	return ret;
}
