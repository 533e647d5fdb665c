/*
 * From curves to findings, and the findings as sentences. All thresholds are relative to what was measured: a first-level
 * miss is a rise above the control, a second-level miss one above the plateau that follows.
 */
#include "vmm/theory/walk/tlb_probe.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "units.h"
#include "vmm/util/names.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"

/*
 * A second-level miss is dearer than a first-level one by this share at least: a walk makes one load or more, and a load
 * takes about as long as a hit in the second level.
 */
#define SECOND_SHARE 0.35

/*
 * More entries than any first-level TLB has today. So many pages inside a leaf have to cost the same before the leaf counts
 * as one entry.
 */
#define PAGES_BEYOND_DTLB 192

/* So many strides have to agree, over a factor of 8 at least, before a TLB is said to have no sets. */
#define STRIDES_TO_AGREE 4

/* From point i on `count` points cost about the same. */
static bool is_flat(const struct tlb_curve *curve, uint32_t i, uint32_t count)
{
	double excess = curve->at[i].excess;

	for (uint32_t j = i + 1; j < i + count; j++) {
		if (j >= curve->count ||
		    fabs(curve->at[j].excess - excess) > 0.2 * excess + 0.05 * curve->at[j].base)
			return false;
	}
	return true;
}

/*
 * The cost of a first-level miss: that of the first flat piece beyond the knee. (Not simply the first point: there only
 * some loads may miss.) What a load cost there goes to *cycles.
 */
static double plateau_excess(const struct tlb_curve *curve, const struct tlb_knee *knee, double *cycles)
{
	for (uint32_t flat = 3; flat > 0; flat--) {
		for (uint32_t i = 0; i < curve->count; i++) {
			if (curve->at[i].pages >= knee->high_pages && is_flat(curve, i, flat)) {
				*cycles = curve->at[i].cycles;
				return curve->at[i].excess;
			}
		}
	}
	return 0;
}

/*
 * Whether two knees are at the same place. Twice the stride halves the pages of a knee that moves, so a knee nearer than a
 * factor of 1.6 has not moved. A knee below all measured points is at the same place as any whose interval touches its own.
 */
static bool same_place(const struct tlb_knee *a, const struct tlb_knee *b)
{
	if (a->low_pages == 0 || b->low_pages == 0)
		return a->low_pages <= b->high_pages && b->low_pages <= a->high_pages;
	return a->low_pages * 5 <= b->low_pages * 8 && b->low_pages * 5 <= a->low_pages * 8;
}

/*
 * How the knee moves with the stride. knees[0..count) belong to ascending strides. `hidden` marks the strides at which
 * this level holds no more pages than the level above it, so that its own knee does not show.
 */
static void find_sets(const struct tlb_knee *knees, const bool *hidden, uint32_t count,
		      struct tlb_level *level)
{
	uint32_t seen = 0, first_alike;

	level->reach = knees[0];
	if (!knees[0].found || hidden[0])
		return;
	while (seen < count && knees[seen].found)
		seen++;
	first_alike = seen - 1;
	while (first_alike > 0 && same_place(&knees[first_alike - 1], &knees[seen - 1]))
		first_alike--;
	if (first_alike == 0) {
		level->sets = seen >= STRIDES_TO_AGREE ? TLB_SETS_NONE : TLB_SETS_UNKNOWN;
		return;
	}
	if (knees[first_alike].low_pages >= knees[0].low_pages)
		return;
	if (seen - first_alike >= 2 && !hidden[seen - 1]) {
		level->sets = TLB_SETS_LINEAR;
		level->ways = knees[first_alike];
	} else {
		level->sets = TLB_SETS_MORE;
		level->ways = knees[seen - 1];
	}
}

/*
 * The knee of each stride. A knee that only the last point shows counts if the next wider stride has its knee
 * no later: at a wider stride a TLB never holds more pages.
 */
static void find_knees(const struct tlb_curves *curves, double least_excess, struct tlb_knee *knees)
{
	for (uint32_t i = curves->outside_count; i-- > 0;) {
		struct tlb_knee alone = tlb_curve_knee(&curves->outside[i], least_excess, 1);

		knees[i] = tlb_curve_knee(&curves->outside[i], least_excess, TLB_POINTS_ALONE);
		if (!knees[i].found && i + 1 < curves->outside_count && knees[i + 1].found &&
		    knees[i + 1].low_pages <= alone.low_pages)
			knees[i] = alone;
	}
}

static void find_levels(const struct tlb_curves *curves, struct tlb_findings *out)
{
	struct tlb_knee first[TLB_MAX_STRIDES], second[TLB_MAX_STRIDES];
	bool hidden[TLB_MAX_STRIDES] = { false };
	const bool all_seen[TLB_MAX_STRIDES] = { false };
	const struct tlb_curve *narrow = &curves->outside[0];
	double plateau;

	if (curves->outside_count == 0)
		return;
	find_knees(curves, 0, first);
	find_sets(first, all_seen, curves->outside_count, &out->dtlb);
	if (!first[0].found)
		return;
	plateau = plateau_excess(narrow, &first[0], &out->miss_cycles);
	find_knees(curves, plateau * (1 + SECOND_SHARE) + TLB_NOISE * out->base_cycles, second);
	for (uint32_t i = 0; i < curves->outside_count; i++)
		hidden[i] = second[i].found && first[i].found && second[i].low_pages <= first[i].low_pages;
	find_sets(second, hidden, curves->outside_count, &out->stlb);
}

/* What a load costs where nothing misses: the control's value, or the least of the curve. */
static double base_of(const struct tlb_curves *curves)
{
	const struct tlb_curve *curve = curves->outside_count > 0 ? &curves->outside[0] : &curves->inside[0];
	const struct tlb_knee knee = tlb_curve_knee(curve, 0, TLB_POINTS_ALONE);
	double base = curve->count > 0 ? curve->at[0].base : 0;

	/* The base of the last point at which all loads hit. */
	for (uint32_t i = 0; i < curve->count && knee.found && curve->at[i].pages <= knee.low_pages; i++)
		base = curve->at[i].base;
	return base;
}

static void find_fracture(const struct tlb_curves *curves, struct tlb_findings *out)
{
	bool flat = false;

	for (uint32_t i = 0; i < curves->inside_count; i++) {
		const struct tlb_curve *curve = &curves->inside[i];
		struct tlb_knee knee = tlb_curve_knee(curve, 0, TLB_POINTS_ALONE);
		uint64_t most_pages = curve->count > 0 ? curve->at[curve->count - 1].pages : 0;

		if (curve->stride_bytes != PAGE_4K && curve->stride_bytes != PAGE_2M)
			continue;
		out->inside_pages = max_u64(out->inside_pages, most_pages);
		if (knee.found) {
			out->inside = knee;
			out->fracture = curve->stride_bytes == PAGE_4K ? TLB_FRACTURE_4K : TLB_FRACTURE_2M;
			return;
		}
		flat = most_pages >= PAGES_BEYOND_DTLB;
	}
	out->fracture = flat ? TLB_FRACTURE_WHOLE : TLB_FRACTURE_UNKNOWN;
}

bool tlb_findings_make(const struct tlb_point *points, size_t count, bool distinct_lines,
		       struct tlb_findings *out)
{
	struct tlb_curves curves;

	memset(out, 0, sizeof(*out));
	if (!tlb_curves_make(points, count, distinct_lines, &curves))
		return false;
	out->leaf_bytes = curves.leaf_bytes;
	out->base_cycles = base_of(&curves);
	find_levels(&curves, out);
	find_fracture(&curves, out);
	return true;
}

const struct names tlb_sets_names = NAMES_OF([TLB_SETS_UNKNOWN] = "unknown", [TLB_SETS_LINEAR] = "linear",
					     [TLB_SETS_MORE] = "not-reached", [TLB_SETS_NONE] = "none");
const struct names tlb_fracture_names =
	NAMES_OF([TLB_FRACTURE_UNKNOWN] = "unknown", [TLB_FRACTURE_WHOLE] = "whole", [TLB_FRACTURE_4K] = "4K",
		 [TLB_FRACTURE_2M] = "2M");

/* "64 to 95", "16", "fewer than 4": what a knee leaves open. */
static void put_count(char line[TLB_LINE_BYTES], const struct tlb_knee *k)
{
	if (k->low_pages == 0)
		append(line, TLB_LINE_BYTES, "fewer than %" PRIu64, k->high_pages);
	else if (k->high_pages == k->low_pages + 1)
		append(line, TLB_LINE_BYTES, "%" PRIu64, k->low_pages);
	else
		append(line, TLB_LINE_BYTES, "%" PRIu64 " to %" PRIu64, k->low_pages, k->high_pages - 1);
}

static void put_evidence(char line[TLB_LINE_BYTES], const struct tlb_knee *k)
{
	char stride[24];

	if (k->low_pages == 0)
		append(line, TLB_LINE_BYTES, " (%" PRIu64 " pages %.1f cycles, stride %s)", k->high_pages,
		       k->high_cycles, size_format(k->stride_bytes, stride));
	else
		append(line, TLB_LINE_BYTES, " (%" PRIu64 " pages %.1f cycles, %" PRIu64 " %.1f, stride %s)",
		       k->low_pages, k->low_cycles, k->high_pages, k->high_cycles,
		       size_format(k->stride_bytes, stride));
}

static void put_level(char line[TLB_LINE_BYTES], const char *name, const struct tlb_level *level)
{
	line[0] = '\0';
	append(line, TLB_LINE_BYTES, "%s: ", name);
	if (!level->reach.found) {
		append(line, TLB_LINE_BYTES, "not found");
		return;
	}
	put_count(line, &level->reach);
	append(line, TLB_LINE_BYTES, " entries");
	put_evidence(line, &level->reach);
	switch (level->sets) {
	case TLB_SETS_LINEAR:
		append(line, TLB_LINE_BYTES, "; ");
		put_count(line, &level->ways);
		append(line, TLB_LINE_BYTES, " ways");
		put_evidence(line, &level->ways);
		break;
	case TLB_SETS_MORE:
		append(line, TLB_LINE_BYTES, "; fewer than %" PRIu64 " ways", level->ways.high_pages);
		put_evidence(line, &level->ways);
		break;
	case TLB_SETS_NONE:
		append(line, TLB_LINE_BYTES,
		       "; the same at every stride: fully associative, or a hashed index");
		break;
	case TLB_SETS_UNKNOWN:
	default:
		append(line, TLB_LINE_BYTES, "; sets and ways not found");
		break;
	}
}

static void put_fracture(char line[TLB_LINE_BYTES], const struct tlb_findings *f)
{
	char leaf[24];

	line[0] = '\0';
	(void)size_format(f->leaf_bytes, leaf);
	if (f->fracture == TLB_FRACTURE_WHOLE) {
		append(line, TLB_LINE_BYTES,
		       "a %s page is one entry: no rise up to %" PRIu64 " places inside one", leaf,
		       f->inside_pages);
		return;
	}
	append(line, TLB_LINE_BYTES, "a %s page is fractured below into entries of %s", leaf,
	       name_of(&tlb_fracture_names, f->fracture));
	put_evidence(line, &f->inside);
	append(line, TLB_LINE_BYTES, ": the counts above are of such entries");
}

uint32_t tlb_findings_lines(const struct tlb_findings *f, char lines[TLB_MAX_LINES][TLB_LINE_BYTES])
{
	uint32_t count = 0;

	lines[count][0] = '\0';
	append(lines[count], TLB_LINE_BYTES, "a load that misses no TLB: %.1f cycles", f->base_cycles);
	if (f->miss_cycles > 0)
		append(lines[count], TLB_LINE_BYTES, "; one beyond the first level: %.1f", f->miss_cycles);
	count++;
	put_level(lines[count++], "first level (dTLB)", &f->dtlb);
	put_level(lines[count++], "second level (STLB)", &f->stlb);
	if (f->fracture != TLB_FRACTURE_UNKNOWN)
		put_fracture(lines[count++], f);
	return count;
}
