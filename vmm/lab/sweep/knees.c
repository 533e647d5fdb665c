/*
 * Knees of curves over working sets. A step between neighbours is a climb where the 95 % intervals of the two do not
 * overlap, the upper value lies at least RISE_CYCLES and RISE_SHARE above the lower one, and the point behind, where there
 * is one, stays in the upper half of the step: an outlier comes back, a full TLB does not. A knee is a climb that
 * starts from a plateau: at the first point of the curve, or behind a step that was no climb. One climb over several
 * points is one knee, at its foot; so the rule needs two points on a plateau between two knees to tell them apart.
 */
#include "vmm/lab/sweep/knees.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/lab/sweep/derive.h"

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

static const struct matrix_translation *translation_of(const struct matrix *m,
						       const struct curve_point *point)
{
	/* Sorted by cell, then by pages. */
	uint32_t low = 0, high = m->translation_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct matrix_translation *t = &m->translations[middle];

		if (t->chase < point->cell || (t->chase == point->cell && t->pages < point->figure->pages))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == m->translation_count || m->translations[low].chase != point->cell ||
	    m->translations[low].pages != point->figure->pages)
		return NULL;
	return &m->translations[low];
}

/* The points' values: of translation where all have it, else as they are; a curve is of one kind. */
static bool take_curve(const struct matrix *m, const struct curve_point *points, uint32_t count,
		       struct estimate *curve)
{
	for (uint32_t i = 0; i < count; i++)
		curve[i] = points[i].figure->value;
	for (uint32_t i = 0; i < count; i++) {
		if (translation_of(m, &points[i]) == NULL)
			return false;
	}
	for (uint32_t i = 0; i < count; i++)
		curve[i] = translation_of(m, &points[i])->cost;
	return true;
}

static int add(struct matrix *m, const struct curve_point *at, const struct estimate *values,
	       bool of_translation)
{
	struct matrix_knee *room = array_room(m->knees, m->knee_count, sizeof(*room));

	if (room == NULL)
		return -ENOMEM;
	m->knees = room;
	room[m->knee_count++] = (struct matrix_knee){
		.below = at[0].cell,
		.above = at[1].cell,
		.pages_below = at[0].figure->pages,
		.pages_above = at[1].figure->pages,
		.of_translation = of_translation,
		.value_below = values[0].value,
		.value_above = values[1].value,
	};
	return 0;
}

static int knees_of(struct matrix *m, const struct curve_point *points, uint32_t count)
{
	struct estimate *curve = calloc(count, sizeof(*curve));
	uint32_t *below = calloc(count, sizeof(*below));
	int ret = curve != NULL && below != NULL ? 0 : -ENOMEM;

	if (ret == 0) {
		bool of_translation = take_curve(m, points, count, curve);
		uint32_t found = knees_find(curve, count, below);

		for (uint32_t i = 0; i < found && ret == 0; i++)
			ret = add(m, &points[below[i]], &curve[below[i]], of_translation);
	}
	free(curve);
	free(below);
	return ret;
}

int matrix_knees_make(struct matrix *m)
{
	struct curve_point *points;
	uint32_t count, start = 0;
	int ret = curve_points_make(m, "chase", &points, &count);

	for (uint32_t i = 1; i <= count && ret == 0; i++) {
		if (i < count && strcmp(points[i].configuration, points[start].configuration) == 0)
			continue;
		ret = knees_of(m, &points[start], i - start);
		start = i;
	}
	free(points);
	return ret;
}
