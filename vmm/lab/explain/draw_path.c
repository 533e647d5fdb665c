/*
 * The path through the numbers of a grid: right through the host's boxes to the guest's entry, then back to the lane on the
 * left and down. Beneath boxes that are skipped it makes a detour, so that it passes only what is read.
 */
#include "vmm/lab/explain/draw_parts.h"

#include <inttypes.h>

struct row_path {
	const struct draw_layout *l;
	uint32_t row, used; /* host boxes that are read */
	FILE *out;
};

/* From the lane to the guest's entry of that row. */
static void along_row(const struct row_path *p)
{
	const struct draw_layout *l = p->l;
	int y = draw_layout_middle(l, p->row), half_gap = (l->host_pitch - l->host_width) / 2;

	if (p->used < l->columns && p->used != 0) {
		struct svg_box leaf = draw_layout_host(l, p->row, p->used - 1);

		(void)fprintf(p->out, " H%d V%d H%d V%d", leaf.x + leaf.width + half_gap,
			      draw_layout_detour(l, p->row), l->guest_x - half_gap, y);
	}
	(void)fprintf(p->out, " H%d\"/>\n", l->guest_x - 1);
}

void draw_path(const struct draw_walk *w, const struct draw_layout *l, FILE *out)
{
	const struct explain_walk *last = explanation_last(w->x);
	uint32_t steps = last->walk.step_count, from = 0;
	bool arrives = w->r->complete;

	for (uint32_t i = 0; i < steps + (arrives ? 1 : 0); i++) {
		bool data = i == steps;
		uint32_t level = data ? 0 : last->walk.steps[i].level, row = w->x->mode.levels - level;
		struct row_path p = { l, row, data ? last->data.host_entries : last->places[i].host_entries,
				      out };

		if (i == 0)
			(void)fprintf(out, "<path class=\"path\" d=\"M%d %d", l->lane_x,
				      draw_layout_middle(l, row));
		else
			(void)fprintf(out, "<path class=\"path\" d=\"M%d %d V%d H%d V%d", l->guest_x + 18,
				      draw_layout_way_down(l, from) - 26, draw_layout_way_down(l, from),
				      l->lane_x, draw_layout_middle(l, row));
		along_row(&p);
		from = row;
	}
}
