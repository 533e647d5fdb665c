/*
 * The rows of a TLB probe as curves, one a stride, each without what a load costs that misses nothing. Internal to the
 * analysis in tlb_probe.c. Pure.
 */
#ifndef MINIVMM_THEORY_WALK_TLB_CURVES_H
#define MINIVMM_THEORY_WALK_TLB_CURVES_H

#include "vmm/theory/walk/tlb_probe.h"

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

/* Costs that differ by less than this share of what a load costs anyway are the same. */
#define TLB_NOISE 0.12

/*
 * Where the curve's excess rises for good above least_excess and above TLB_NOISE of its base: after the last n that is
 * not above. low_pages = 0 where all are. Where the first n above shows little more than noise and the next one a rise,
 * high_pages is the next one: the knee may be on either side. At least so many points have to show the
 * rise: what disturbs a measurement makes loads dearer, never cheaper.
 */
struct tlb_knee tlb_curve_knee(const struct tlb_curve *curve, double least_excess, uint32_t least_points);

/* So many are believed without another curve that says the same. */
#define TLB_POINTS_ALONE 2

#endif
