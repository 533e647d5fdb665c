/*
 * Where the boxes of a grid are. Pure geometry: rows are the guest's levels from the root on and then the data; columns are
 * the host's levels from its root on, then the guest's entry.
 */
#ifndef MINIVMM_LAB_EXPLAIN_DRAW_LAYOUT_H
#define MINIVMM_LAB_EXPLAIN_DRAW_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/lab/explain/draw_svg.h"

struct draw_layout {
	struct svg_box area;
	uint32_t rows, columns; /* with the data's row; host columns only, may be 0 */
	bool narrow;            /* half a canvas: texts are shorter */
	int label_width;        /* left of it all: what a row is */
	int lane_x;             /* where the path comes down to the next row */
	int host_x, host_pitch, host_width;
	int guest_x, guest_width;
	int first_y, row_pitch, box_height;
};

void draw_layout_make(struct draw_layout *l, const struct svg_box *area, uint32_t guest_levels,
		      uint32_t host_levels);

struct svg_box draw_layout_host(const struct draw_layout *l, uint32_t row, uint32_t column);
struct svg_box draw_layout_guest(const struct draw_layout *l, uint32_t row);

/* Baseline of the first (0) to fourth (3) line of text in a box. */
int draw_layout_line(const struct svg_box *box, int line);

/* Middle of a row's boxes; where its path passes beneath boxes that are skipped; baseline of its caption; its way down. */
int draw_layout_middle(const struct draw_layout *l, uint32_t row);
int draw_layout_detour(const struct draw_layout *l, uint32_t row);
int draw_layout_caption(const struct draw_layout *l, uint32_t row);
int draw_layout_way_down(const struct draw_layout *l, uint32_t row);

#endif
