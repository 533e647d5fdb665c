/*
 * From rows to curves.
 */
#include "vmm/theory/walk/tlb_probe.h"

#include <math.h>
#include <string.h>

#include "units.h"

/* So many distinct lines are half of the smallest L1 cache in use (32 KiB): up to here they need no control. */
#define LINES_IN_ANY_L1 256

/* The curve of that stride in list[0..*count), which is ascending; made where there is none. NULL: no room. */
static struct tlb_curve *curve_of(struct tlb_curve *list, uint32_t *count, uint32_t capacity,
				  uint64_t stride_bytes)
{
	uint32_t i = 0;

	while (i < *count && list[i].stride_bytes < stride_bytes)
		i++;
	if (i < *count && list[i].stride_bytes == stride_bytes)
		return &list[i];
	if (*count == capacity)
		return NULL;
	memmove(&list[i + 1], &list[i], (*count - i) * sizeof(*list));
	memset(&list[i], 0, sizeof(*list));
	list[i].stride_bytes = stride_bytes;
	(*count)++;
	return &list[i];
}

static void add_point(struct tlb_curve *curve, const struct tlb_point *p)
{
	uint32_t i = 0;

	while (i < curve->count && curve->at[i].pages < p->pages)
		i++;
	if (i < curve->count && curve->at[i].pages == p->pages) {
		curve->at[i].cycles = fmin(curve->at[i].cycles, p->cycles);
		return;
	}
	if (curve->count == TLB_MAX_PAGES)
		return;
	memmove(&curve->at[i + 1], &curve->at[i], (curve->count - i) * sizeof(curve->at[0]));
	curve->at[i].pages = p->pages;
	curve->at[i].cycles = p->cycles;
	curve->count++;
}

static bool is_usable(const struct tlb_point *p)
{
	return p->pages > 0 && p->stride_bytes > 0 && isfinite(p->cycles) && p->cycles > 0;
}

/* So many neighbours on each side enter the median of a point: noise on two points in a row does not change it. */
#define MEDIAN_REACH 2
#define MEDIAN_POINTS (2 * MEDIAN_REACH + 1)

/* The median of a point and its neighbours; beyond an end the last point counts again. */
static double median_cycles(const struct tlb_curve *control, uint32_t i)
{
	double sorted[MEDIAN_POINTS] = { 0 };

	for (uint32_t v = 0; v < MEDIAN_POINTS; v++) {
		uint32_t at = i + v < MEDIAN_REACH ? 0 : i + v - MEDIAN_REACH, place = v;
		double cycles = control->at[at < control->count ? at : control->count - 1].cycles;

		for (; place > 0 && sorted[place - 1] > cycles; place--)
			sorted[place] = sorted[place - 1];
		sorted[place] = cycles;
	}
	return sorted[MEDIAN_REACH];
}

/*
 * A control point that a busy host made dearer would hide the rise of a curve, and one cheaper than its neighbours would
 * feign one. A rise with the number of lines stays, however steep: the median of ascending points is the middle one.
 */
static void smooth(struct tlb_curve *control)
{
	const struct tlb_curve measured = *control;

	for (uint32_t i = 0; i < control->count; i++)
		control->at[i].cycles = median_cycles(&measured, i);
}

/* The control of as many lines, or of the next smaller number; 0: there is none. */
static double control_at(const struct tlb_curve *control, uint64_t pages)
{
	double cycles = 0;

	for (uint32_t i = 0; i < control->count && control->at[i].pages <= pages; i++)
		cycles = control->at[i].cycles;
	return cycles;
}

/*
 * The base of each point: what its loads cost without translation. That is the control's value. Where the curve was below
 * its control, the base stays at that lower value and follows the control only upwards: some CPUs load a line through
 * changing addresses as fast as through one address, if those are far enough apart. Without a control the least value of
 * the curve is the base of all its points.
 */
static void find_base(struct tlb_curve *curve, const struct tlb_curve *control)
{
	double least = curve->count > 0 ? curve->at[0].cycles : 0, last = 0;

	for (uint32_t i = 1; i < curve->count; i++)
		least = fmin(least, curve->at[i].cycles);
	for (uint32_t i = 0; i < curve->count; i++) {
		double now = control != NULL ? control_at(control, curve->at[i].pages) : 0;
		double base = now > 0 ? now : least;

		if (i > 0 && now > 0 && last > 0)
			base = fmin(base, curve->at[i - 1].base + fmax(0, now - last));
		curve->at[i].base = fmin(base, curve->at[i].cycles);
		curve->at[i].excess = curve->at[i].cycles - curve->at[i].base;
		last = now;
	}
}

static void cut(struct tlb_curve *curve, uint64_t pages)
{
	while (curve->count > 0 && curve->at[curve->count - 1].pages > pages)
		curve->count--;
}

bool tlb_curves_make(const struct tlb_point *points, size_t count, bool distinct_lines,
		     struct tlb_curves *out)
{
	const struct tlb_curve *control = NULL;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < count; i++) {
		const struct tlb_point *p = &points[i];
		struct tlb_curve *curve;

		if (!is_usable(p))
			continue;
		if (out->leaf_bytes == 0)
			out->leaf_bytes = p->leaf_bytes;
		if (p->leaf_bytes != out->leaf_bytes)
			continue;
		if (p->stride_bytes < PAGE_4K)
			curve = &out->control;
		else if (p->stride_bytes < p->leaf_bytes)
			curve = curve_of(out->inside, &out->inside_count, TLB_MAX_INSIDE, p->stride_bytes);
		else
			curve = curve_of(out->outside, &out->outside_count, TLB_MAX_STRIDES, p->stride_bytes);
		if (curve != NULL)
			add_point(curve, p);
	}
	if (out->control.count > 0) {
		smooth(&out->control);
		control = &out->control;
	}
	for (uint32_t i = 0; i < out->outside_count; i++) {
		if (distinct_lines && control == NULL)
			cut(&out->outside[i], LINES_IN_ANY_L1);
		find_base(&out->outside[i], control);
	}
	for (uint32_t i = 0; i < out->inside_count; i++) {
		/* The control of one page does not tell what distinct lines cost. */
		if (!distinct_lines || control == NULL)
			cut(&out->inside[i], LINES_IN_ANY_L1);
		find_base(&out->inside[i], distinct_lines ? control : NULL);
	}
	return out->outside_count + out->inside_count > 0;
}

/* What counts as a rise at that point. */
static double limit_at(const struct tlb_curve *curve, uint32_t i, double least_excess)
{
	return fmax(TLB_NOISE * curve->at[i].base, least_excess);
}

/* Point i is above the limit by no more than noise and the next one shows a rise: the knee may be on either side of i. */
static bool is_doubtful(const struct tlb_curve *curve, uint32_t i, double least_excess)
{
	double noise = TLB_NOISE * curve->at[i].base, excess = curve->at[i].excess;

	return i + 1 < curve->count && excess <= limit_at(curve, i, least_excess) + noise &&
	       curve->at[i + 1].excess > excess + 2 * noise;
}

struct tlb_knee tlb_curve_knee(const struct tlb_curve *curve, double least_excess, uint32_t least_points)
{
	struct tlb_knee knee = { .stride_bytes = curve->stride_bytes };
	uint32_t first = curve->count, high;

	while (first > 0 && curve->at[first - 1].excess > limit_at(curve, first - 1, least_excess))
		first--;
	if (first + least_points > curve->count)
		return knee;
	high = is_doubtful(curve, first, least_excess) ? first + 1 : first;
	knee.found = true;
	knee.high_pages = curve->at[high].pages;
	knee.high_cycles = curve->at[high].cycles;
	if (first > 0) {
		knee.low_pages = curve->at[first - 1].pages;
		knee.low_cycles = curve->at[first - 1].cycles;
	}
	return knee;
}
