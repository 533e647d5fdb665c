/*
 * Curves over working sets: the cost of translation, which is one line a page less the same number of lines packed, in a
 * round each; and where a curve leaves a plateau.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/lab/sweep/derive.h"
#include "vmm/util/array.h"

/* One figure of a workload, on a curve over working sets. */
struct curve_point {
	char configuration[KEY_JOINED_BYTES]; /* all of the key but workload and working set */
	const struct matrix_cell *cell;
	const struct matrix_figure *figure;
	struct estimate translation; /* of a chase: less packed; count 0: not known */
};

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

/*
 * The figures of all cells of that workload that take part, by configuration and pages: the points of one curve are
 * neighbours. *points is owned by the caller; NULL where there are none. 0 or -ENOMEM.
 */
static int curve_points_make(const struct matrix *m, const char *workload, struct curve_point **points,
			     uint32_t *count)
{
	struct key key;

	*points = NULL;
	*count = 0;
	for (uint32_t i = 0; i < m->datum_count; i++) {
		const struct matrix_cell *cell = &m->cells[i];

		if (strcmp(cell->workload, workload) != 0 || !cell_is_compared(cell) ||
		    key_parse(cell->key, &key) != 0)
			continue;
		for (uint32_t f = 0; f < cell->figure_count; f++) {
			struct curve_point point = { .cell = cell, .figure = &cell->figures[f] };

			if (point.figure->value.count == 0)
				continue;
			key_join(&key, 1U << KEY_WORKLOAD | 1U << KEY_WORKING_SET, point.configuration);
			if (ARRAY_PUSH(*points, *count, point) != 0)
				return -ENOMEM;
		}
	}
	if (*count != 0)
		qsort(*points, *count, sizeof(**points), by_curve);
	return 0;
}

/* Leaf entries of eight pages share a cache line; the least pattern has 64 lines. */
#define PAGES_A_LINE 8
#define LEAST_PAGES 64
#define REFERENCE_WITHIN 2.0

struct packed_curves {
	struct curve_point *points;
	uint32_t count;
};

/* The ratio of the larger to the smaller; neither is 0. */
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

	for (uint32_t i =
		     joined_first(packed->points, packed->count, sizeof(packed->points[0]), configuration);
	     i < packed->count; i++) {
		const struct matrix_figure *f = packed->points[i].figure;

		if (strcmp(packed->points[i].configuration, configuration) != 0)
			break;
		if (f->pages != 0 && apart(f->pages, lines) <= REFERENCE_WITHIN &&
		    (found == NULL || apart(f->pages, lines) < apart(found->pages, lines)))
			found = f;
	}
	return found;
}

/*
 * A random cycle over four times as many leaves as the TLBs hold: every access walks where entries are replaced in the order
 * of their use, 98 of 100 where at random. Of the hypervisor's below a virtual machine there may be more leaves, not fewer.
 */
#define LEAVES_A_TLB_LEAF 4

static bool each_access_walks(const struct matrix *m, const struct matrix_cell *cell, uint64_t pages)
{
	uint64_t leaf_bytes =
		cell->native ? cell->page_bytes : min_u64(cell->guest_page_bytes, cell->page_bytes);

	return m->tlb_leaves != 0 && leaf_bytes != 0 &&
	       pages / (leaf_bytes / PAGE_4K) / LEAVES_A_TLB_LEAF >= m->tlb_leaves;
}

/* cost / reference of each round. */
static int loads_worth(struct series chase, struct series lines, const struct matrix_figure *reference,
		       struct matrix_translation *t)
{
	double *values = calloc(chase.count, sizeof(*values));
	uint32_t *rounds = calloc(chase.count, sizeof(*rounds));
	struct series cost = { .values = values, .rounds = rounds };
	int ret = -ENOMEM;

	if (values != NULL && rounds != NULL) {
		cost.count = series_pair(chase, lines, PAIR_DIFFERENCE, values, rounds);
		t->reference_cycles = reference->value.value;
		ret = estimate_paired(cost, series_of(reference), PAIR_RATIO, &t->loads_worth);
	}
	free(values);
	free(rounds);
	return ret;
}

/* *t zero but for `chase` and pages: no such pair. */
static int translate(const struct matrix *m, const struct curve_point *chase, const struct matrix_cell *cell,
		     const struct packed_curves *packed, struct matrix_translation *t)
{
	const struct matrix_figure *lines = figure_like(cell, chase->figure), *reference;
	int ret;

	*t = (struct matrix_translation){ .chase = chase->cell, .pages = chase->figure->pages };
	if (lines == NULL)
		return 0;
	ret = estimate_paired(series_of(chase->figure), series_of(lines), PAIR_DIFFERENCE, &t->cost);
	if (ret != 0 || t->cost.count == 0)
		return ret;
	t->packed = cell;
	t->refs_theory = chase->figure->refs_theory;
	if (!each_access_walks(m, cell, t->pages))
		return 0;
	reference = reference_of(packed, chase->configuration, t->pages);
	return reference != NULL ? loads_worth(series_of(chase->figure), series_of(lines), reference, t) : 0;
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

static int translate_all(struct matrix *m, const struct key_index *index, const struct packed_curves *packed,
			 struct curve_point *chases, uint32_t count)
{
	int ret = 0;

	for (uint32_t i = 0; i < count && ret == 0; i++) {
		const struct matrix_cell *cell = packed_of(chases[i].cell, index);
		struct matrix_translation t;

		if (cell == NULL)
			continue;
		ret = translate(m, &chases[i], cell, packed, &t);
		chases[i].translation = t.cost;
		if (ret == 0 && t.cost.count != 0)
			ret = ARRAY_PUSH(m->translations, m->translation_count, t);
	}
	if (m->translation_count != 0)
		qsort(m->translations, m->translation_count, sizeof(*m->translations), by_cell);
	return ret;
}

/*
 * Knees. A step between neighbours is a climb where the 95 % intervals of the two do not
 * overlap, the upper value lies at least RISE_CYCLES and RISE_SHARE above the lower one, and the point behind, where there
 * is one, stays in the upper half of the step: an outlier comes back, a full TLB does not. A knee is a climb that
 * starts from a plateau: at the first point of the curve, or behind a step that was no climb. One climb over several
 * points is one knee, at its foot; so the rule needs two points on a plateau between two knees to tell them apart.
 */

/* Below the cheapest miss of any TLB or cache (some 4 cycles), above what minima repeat to (0.3 %). */
#define RISE_CYCLES 1.0
#define RISE_SHARE 0.15

static bool is_climb(const struct estimate *curve, uint32_t count, uint32_t i)
{
	double from = curve[i].value, to = curve[i + 1].value;

	if (curve[i + 1].low <= curve[i].high || to - from < RISE_CYCLES ||
	    to - from < RISE_SHARE * fabs(from))
		return false;
	return i + 2 >= count || curve[i + 2].value > from / 2 + to / 2;
}

uint32_t knees_find(const struct estimate *curve, uint32_t count, uint32_t *below)
{
	bool climbing = false;
	uint32_t found = 0;

	for (uint32_t i = 0; i + 1 < count; i++) {
		bool climb = is_climb(curve, count, i);

		if (climb && !climbing)
			below[found++] = i;
		climbing = climb;
	}
	return found;
}

/* The points' values: of translation where all have it, else as they are; a curve is of one kind. */
static bool fill_curve(const struct curve_point *points, uint32_t count, struct estimate *curve)
{
	bool of_translation = true;

	for (uint32_t i = 0; i < count; i++)
		of_translation = of_translation && points[i].translation.count != 0;
	for (uint32_t i = 0; i < count; i++)
		curve[i] = of_translation ? points[i].translation : points[i].figure->value;
	return of_translation;
}

static int add_knee(struct matrix *m, const struct curve_point *at, const struct estimate *values,
		    bool of_translation)
{
	const struct matrix_knee knee = {
		.below = at[0].cell,
		.above = at[1].cell,
		.pages_below = at[0].figure->pages,
		.pages_above = at[1].figure->pages,
		.of_translation = of_translation,
		.value_below = values[0].value,
		.value_above = values[1].value,
	};

	return ARRAY_PUSH(m->knees, m->knee_count, knee);
}

static int knees_of(struct matrix *m, const struct curve_point *points, uint32_t count)
{
	struct estimate *curve = calloc(count, sizeof(*curve));
	uint32_t *below = calloc(count, sizeof(*below));
	int ret = curve != NULL && below != NULL ? 0 : -ENOMEM;

	if (ret == 0) {
		bool of_translation = fill_curve(points, count, curve);
		uint32_t found = knees_find(curve, count, below);

		for (uint32_t i = 0; i < found && ret == 0; i++)
			ret = add_knee(m, &points[below[i]], &curve[below[i]], of_translation);
	}
	free(curve);
	free(below);
	return ret;
}

/* The points of one curve are neighbours. */
static int knees_of_all(struct matrix *m, const struct curve_point *points, uint32_t count)
{
	uint32_t start = 0;
	int ret = 0;

	for (uint32_t i = 1; i <= count && ret == 0; i++) {
		if (i < count && strcmp(points[i].configuration, points[start].configuration) == 0)
			continue;
		ret = knees_of(m, &points[start], i - start);
		start = i;
	}
	return ret;
}

int curves_make(struct matrix *m, const struct key_index *index)
{
	struct packed_curves packed = { .count = 0 };
	struct curve_point *chases = NULL;
	uint32_t count = 0;
	int ret = curve_points_make(m, "packed", &packed.points, &packed.count);

	if (ret == 0)
		ret = curve_points_make(m, "chase", &chases, &count);
	if (ret == 0)
		ret = translate_all(m, index, &packed, chases, count);
	if (ret == 0)
		ret = knees_of_all(m, chases, count);
	free(packed.points);
	free(chases);
	return ret;
}
