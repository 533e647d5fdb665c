/*
 * Shadow paging. On the left is the table that the CPU walks; it is KVM's. On the right is the guest's own
 * table, which the CPU never reads: KVM reads it when it builds an entry on the left.
 */
#include "vmm/lab/explain/write.h"

#include <inttypes.h>
#include <stddef.h>

/* Rows are levels from the root on, then the data. Of the two columns the left one takes the place of host boxes. */
static struct svg_layout place_columns(const struct svg_box *area, uint32_t levels)
{
	struct svg_layout l;

	svg_layout_make(&l, area, levels, 0);
	l.host_x = l.lane_x;
	l.host_width = l.narrow ? 170 : 300;
	l.guest_x = l.host_x + l.host_width + (l.narrow ? 40 : 240);
	l.guest_width = l.narrow ? 190 : 300;
	return l;
}

static void put_shadow_box(const struct svg_walk *w, const struct explain_reference *one,
			   const struct svg_box *box, FILE *out)
{
	const struct explain_walk *last = explanation_last(w->x);
	int x = box->x + 7;
	char id[SVG_ID_BYTES], size[24];

	svg_group(out, "ref shadow derived", svg_reference_id(w, one, id), "shadow %s [%u], derived",
		  page_entry_name(one->walk.level), one->index);
	svg_rect(out, box);
	svg_text(out, SVG_NUMBER, x, svg_line_y(box, 0), 0, "%u", one->number);
	svg_text(out, SVG_LABEL, x + 28, svg_line_y(box, 0), box->width - 36, "shadow %s [%u]",
		 page_entry_name(one->walk.level), one->index);
	svg_text(out, SVG_GREY, x, svg_line_y(box, 1), box->width - 14, "KVM's; cannot be read");
	if (one->walk.leaf)
		svg_text(out, SVG_STRONG, x, svg_line_y(box, 2), box->width - 14, "%s leaf%s",
			 words_size(w->x->shadow_leaf_bytes, size),
			 last->walk.leaf_bytes != last->data.page_bytes ? " (the smaller)" : "");
	svg_group_end(out);
}

static void put_lines(const struct svg_walk *w, const struct svg_layout *l, FILE *out)
{
	const struct explain_walk *last = explanation_last(w->x);
	int middle = l->host_x + l->host_width / 2;

	for (uint32_t i = 0; i < w->x->references.count; i++) {
		const struct explain_reference *one = &w->x->references.list[i];
		/* KVM builds the entry from the guest's of the same level, or from the guest's larger leaf above. */
		uint32_t row = i, from = row < last->walk.step_count ? row : last->walk.step_count - 1;
		struct svg_box box = svg_host_box(l, row, 0),
			       next = svg_host_box(l, one->walk.leaf ? w->x->mode.levels : row + 1, 0);
		int x = one->walk.leaf && row + 1 != w->x->mode.levels ? l->host_x - 1 : middle;

		svg_line(out, "builds", l->guest_x - 2, svg_middle_y(l, from), l->host_x + l->host_width + 2,
			 svg_middle_y(l, row));
		if (x == middle)
			svg_line(out, "path", middle, box.y + box.height, middle, next.y - 1);
		else
			(void)fprintf(out, "<path class=\"path\" d=\"M%d %d H%d V%d H%d\"/>\n", x,
				      box.y + box.height / 2, x - 7, next.y + next.height / 2, x);
	}
}

static void put_place(const struct svg_layout *l, const struct explain_place *place, uint32_t row, FILE *out)
{
	char text[WORDS_BYTES];

	svg_place_words(place, l->narrow, true, text);
	svg_text(out, SVG_CODE, l->guest_x, svg_below_y(l, row, SVG_CAPTION),
		 l->area.x + l->area.width - l->guest_x, "%s", text);
}

static void put_left(const struct svg_walk *w, const struct svg_layout *l, uint32_t row, FILE *out)
{
	bool arrives = explanation_last(w->x)->walk.fault == PAGE_FAULT_NONE;
	uint32_t level = svg_level(w, row);
	const struct explain_reference *one = explain_reference_at(w->x, DIMENSION_GUEST, level, level);
	struct svg_box box = svg_host_box(l, row, 0);
	char size[24], why[48];

	if (level == 0) {
		svg_put_data(w, &box, out);
	} else if (one != NULL) {
		put_shadow_box(w, one, &box, out);
	} else if (w->x->references.complete) {
		(void)snprintf(why, sizeof(why), "by %s leaf", words_size(w->x->shadow_leaf_bytes, size));
		svg_put_unused(w, "skipped", DIMENSION_GUEST, level, level, &box, why, out);
	} else {
		svg_put_unused(w, arrives ? "unknown" : "unreached", DIMENSION_GUEST, level, level, &box, "",
			       out);
	}
}

static void put_right(const struct svg_walk *w, const struct svg_layout *l, uint32_t row, FILE *out)
{
	const struct explain_walk *last = explanation_last(w->x);
	struct svg_box box = svg_guest_box(l, row);

	if (row < last->walk.step_count) {
		svg_put_entry(w, row, &box, false, out);
		put_place(l, &last->places[row], row, out);
	} else if (row < w->x->mode.levels) {
		svg_text(out, SVG_GREY, box.x, box.y + box.height / 2 + 4, 0, "%s",
			 last->walk.fault == PAGE_FAULT_NONE ? "none: the guest's leaf is above"
							     : "not reached");
	} else if (last->walk.fault == PAGE_FAULT_NONE) {
		svg_text(out, SVG_LABEL, box.x, svg_below_y(l, row, SVG_CAPTION) - 17, box.width,
			 "the data's gpa");
		put_place(l, &last->data, row, out);
	}
}

static void put_heads(const struct svg_walk *w, const struct svg_layout *l, FILE *out)
{
	int y = l->first_y - 10;

	for (uint32_t row = 0; row <= w->x->mode.levels; row++) {
		uint32_t level = svg_level(w, row), high, low;

		if (level == 0) {
			svg_text(out, SVG_HEAD, l->area.x, svg_middle_y(l, row) + 4, 0, "data");
			continue;
		}
		page_walk_index_bits(level, &high, &low);
		svg_text(out, SVG_HEAD, l->area.x, svg_middle_y(l, row) - 3, 0, "%s", page_table_name(level));
		svg_text(out, SVG_SMALL, l->area.x, svg_middle_y(l, row) + 12, 0, "GVA %u:%u", high, low);
	}
	svg_text(out, SVG_HEAD, l->host_x, y, l->guest_x - l->host_x - 10, "%s",
		 l->narrow ? "What the CPU walks" : "What the CPU walks: KVM's shadow table");
	svg_text(out, SVG_HEAD, l->guest_x, y, 0, "%s",
		 l->narrow ? "What KVM reads" : "What KVM reads to build it: the guest's own table");
}

void svg_put_shadow(const struct svg_walk *w, const struct svg_box *area, FILE *out)
{
	const struct page_walk *walk = &explanation_last(w->x)->walk;
	const struct svg_layout l = place_columns(area, w->x->mode.levels);
	char fault[WORDS_BYTES];

	put_heads(w, &l, out);
	put_lines(w, &l, out);
	for (uint32_t row = 0; row <= w->x->mode.levels; row++) {
		put_left(w, &l, row, out);
		put_right(w, &l, row, out);
	}
	if (walk->fault == PAGE_FAULT_NONE)
		return;
	svg_text(out, SVG_STRONG, l.guest_x + l.guest_width + 8,
		 svg_middle_y(&l, walk->fault_level != 0 ? w->x->mode.levels - walk->fault_level : 0) + 4, 0,
		 "%s", words_fault_short(w->x, fault));
}
