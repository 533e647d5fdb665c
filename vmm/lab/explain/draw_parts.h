/*
 * The parts of a picture.
 */
#ifndef MINIVMM_LAB_EXPLAIN_DRAW_PARTS_H
#define MINIVMM_LAB_EXPLAIN_DRAW_PARTS_H

#include "vmm/lab/explain/draw_layout.h"
#include "vmm/lab/explain/references.h"

/* One walk in a picture that may hold two. */
struct draw_walk {
	const struct explanation *x;
	const struct explain_references *r;
	const struct explain_references
		*before; /* of the picture's first walk, if this is the second; or NULL */
	uint32_t number; /* 1 or 2: its ids begin with "w1-" or "w2-" */
};

/* Whether a box that this walk has no use for was one of the first walk's. */
bool draw_is_gone(const struct draw_walk *w, enum walk_dimension dimension, uint32_t row, uint32_t level);

/* The grid of both dimensions, or without a second one the guest's entries alone. */
void draw_grid(const struct draw_walk *w, const struct svg_box *area, FILE *out);

/* The lines through the boxes of a grid, in the order of the numbers. */
void draw_path(const struct draw_walk *w, const struct draw_layout *l, FILE *out);

/* Shadow paging: the walk of the CPU, and beside it what KVM reads to build its table. */
void draw_shadow(const struct draw_walk *w, const struct svg_box *area, FILE *out);

/* Number, name, value, flags and changes of one guest entry, into its box. */
void draw_entry(const struct draw_walk *w, uint32_t step, const struct svg_box *box, bool numbered,
		FILE *out);

/* A box that is not walked: "skipped", "unreached" or "unknown", and why. */
void draw_unused(const struct draw_walk *w, const char *look, enum walk_dimension dimension, uint32_t row,
		 uint32_t level, const struct svg_box *box, const char *why, FILE *out);

/* Where the data lies, or what there is in its place. */
void draw_data(const struct draw_walk *w, const struct svg_box *box, FILE *out);

/* What the kinds of boxes and lines mean, at the bottom of the canvas. */
void draw_legend(const struct explanation *const xs[], uint32_t count, FILE *out);

#endif
