/*
 * What the curves of tlb-probe say about the TLBs below: how far each level reaches, how it is divided into sets,
 * and whether a large page is kept as one entry. Pure.
 *
 * A curve is the cost of a load against the number of pages n, for one stride. A TLB of sets x ways with a linear
 * index keeps n pages that follow each other up to n = entries; with a stride of 2^s leaves only every 2^s-th set
 * is used, so its knee comes at entries / 2^s, until one set is left: n = ways. Nothing here is an estimate: a
 * finding is an interval between two figures that were measured, and it names them.
 */
#ifndef MINIVMM_THEORY_WALK_TLB_PROBE_H
#define MINIVMM_THEORY_WALK_TLB_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/util/names.h"

/* One row: n pages in a random order, `stride_bytes` apart; a stride below 4 KiB is the control: no translation. */
struct tlb_point {
	uint64_t pages;
	uint64_t stride_bytes;
	uint64_t leaf_bytes; /* of the mapping that was probed */
	double cycles;       /* a load, the least of all samples */
};

/* Where a curve rises for good: the evidence of a finding. */
struct tlb_knee {
	bool found;
	uint64_t stride_bytes;
	uint64_t low_pages, high_pages; /* the last n before the rise and the next one measured */
	double low_cycles, high_cycles; /* what a load cost there */
};

/* How the sets of a level show in its knees. */
enum tlb_sets {
	TLB_SETS_UNKNOWN, /* the level was not found, or there are too few strides */
	TLB_SETS_LINEAR,  /* the knee comes earlier with each stride until one set is left: `ways` holds */
	TLB_SETS_MORE, /* it comes earlier, but had not stopped at the widest stride: no more ways than there */
	TLB_SETS_NONE, /* the same at every stride: fully associative, or a hashed index */
};

struct tlb_level {
	struct tlb_knee reach; /* of the smallest stride: low_pages <= entries < high_pages */
	enum tlb_sets sets;
	struct tlb_knee ways; /* of the smallest stride that leaves one set: low_pages <= ways < high_pages */
};

/* How large a piece of a leaf one TLB entry covers. */
enum tlb_fracture {
	TLB_FRACTURE_UNKNOWN, /* not probed: the leaf is the smallest, or the steps inside a leaf are missing */
	TLB_FRACTURE_WHOLE,   /* no rise inside a leaf */
	TLB_FRACTURE_4K,      /* rises like pages of 4 KiB */
	TLB_FRACTURE_2M,      /* rises at strides of 2 MiB alone */
};

struct tlb_findings {
	uint64_t leaf_bytes;
	double base_cycles; /* a load that misses no TLB */
	double miss_cycles; /* one that misses the dTLB and hits the STLB; 0: not found */
	struct tlb_level dtlb, stlb;
	enum tlb_fracture fracture;
	struct tlb_knee inside; /* the rise inside a leaf; not found where it is whole */
	uint64_t inside_pages;  /* the most pages probed inside one leaf */
};

/*
 * Find what points[0..count) show; they come in any order, and of several with the same pages and stride the least
 * counts. Points of other leaf sizes than the first one's are left out. distinct_lines: every load has a cache line
 * of its own (natively); else only those inside a leaf have. Such rows are compared with the control of as many
 * lines, and without one only as far as any L1 cache holds them.
 * True: *out is filled (each finding may still be "not found"). False: no point with a stride and a figure.
 */
bool tlb_findings_make(const struct tlb_point *points, size_t count, bool distinct_lines,
		       struct tlb_findings *out);

/* The findings as sentences, each with its evidence; lines[0..return value) are filled. */
#define TLB_MAX_LINES 4
#define TLB_LINE_BYTES 320
uint32_t tlb_findings_lines(const struct tlb_findings *f, char lines[TLB_MAX_LINES][TLB_LINE_BYTES]);

/* For the record. */
extern const struct names tlb_sets_names, tlb_fracture_names;

/*
 * Between rows and findings: the rows as curves, one for each stride; and of each point, what its loads cost beyond
 * loads that miss no TLB.
 */
#define TLB_MAX_STRIDES 24
#define TLB_MAX_INSIDE 4
#define TLB_MAX_PAGES 80

struct tlb_curve {
	uint64_t stride_bytes;
	uint32_t count;
	struct {
		uint64_t pages;
		double cycles;
		double base;   /* what the same loads cost without translation */
		double excess; /* what they cost more */
	} at[TLB_MAX_PAGES];   /* ascending by pages, each once */
};

struct tlb_curves {
	uint64_t leaf_bytes;
	struct tlb_curve control; /* count 0: there is none */
	uint32_t outside_count;
	struct tlb_curve outside[TLB_MAX_STRIDES]; /* strides of a leaf and more, ascending */
	uint32_t inside_count;
	struct tlb_curve inside[TLB_MAX_INSIDE]; /* below, ascending */
};

/* See tlb_findings_make(). What is beyond the sizes above is left out. False: no point with a stride and a figure. */
bool tlb_curves_make(const struct tlb_point *points, size_t count, bool distinct_lines,
		     struct tlb_curves *out);

/* Costs that differ by less than this share of the base count as equal. */
#define TLB_NOISE 0.12

/*
 * Where the curve's excess rises for good above least_excess and above TLB_NOISE of its base. low_pages is the last n
 * that is not above, 0 where all are. high_pages is the next n; where that shows little more than noise and the one
 * after it a rise, high_pages is the one after it, because the knee may be on either side. At least least_points points
 * have to show the rise: what disturbs a measurement makes loads dearer, never cheaper.
 */
struct tlb_knee tlb_curve_knee(const struct tlb_curve *curve, double least_excess, uint32_t least_points);

/* So many points show a rise by themselves; fewer count only where another curve shows the same. */
#define TLB_POINTS_ALONE 2

#endif
