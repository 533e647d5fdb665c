/*
 * The two kinds of picture of a walk. The grid of both dimensions has a path through its boxes in the order of the numbers.
 * The path is drawn first, so that boxes lie on it.
 *
 * With shadow paging the left column is the table that the CPU walks; it is KVM's. The right column is the guest's own
 * table, which the CPU never reads: KVM reads it when it builds an entry on the left.
 */
#include "vmm/lab/explain/write.h"

#include <inttypes.h>
#include <stddef.h>

static void put_host_box(const struct svg_walk *w, const struct explain_reference *one,
			 const struct svg_box *box, FILE *out)
{
	int middle = box->x + box->width / 2, y = box->y + box->height / 2;
	char id[SVG_ID_BYTES];

	svg_group(out, "ref host derived", svg_reference_id(w, one, id),
		  "%s %s [%u], by bits %u:%u of gpa 0x%" PRIx64 ", derived", words_second_dimension(w->x),
		  page_entry_name(one->walk.level), one->index, one->walk.high_bit, one->walk.low_bit,
		  one->address);
	svg_rect(out, box);
	svg_text(out, SVG_NUMBER | SVG_MIDDLE, middle, y - 5, 0, "%u", one->number);
	svg_text(out, SVG_CODE | SVG_MIDDLE, middle, y + 9, box->width, "[%u]", one->index);
	if (one->walk.leaf) {
		char size[24];

		svg_text(out, SVG_SMALL | SVG_MIDDLE, middle, y + 23, box->width, "leaf %s",
			 words_size(page_walk_span_bytes(one->walk.level), size));
	}
	svg_group_end(out);
}

static void put_host_boxes(const struct svg_walk *w, const struct svg_layout *l, uint32_t row,
			   const char *unused, FILE *out)
{
	uint32_t level = svg_level(w, row), first, last;
	bool known = explain_host_numbers(w->x, level, &first, &last);
	char why[48] = "", size[24];

	if (known)
		(void)snprintf(why, sizeof(why), l->host_width > 100 ? "by the %s leaf" : "by %s leaf",
			       words_size(page_walk_span_bytes(w->x->host_levels + first - last), size));
	for (uint32_t column = 0; column < l->columns; column++) {
		uint32_t host_level = w->x->host_levels - column;
		const struct explain_reference *one =
			explain_reference_at(w->x, DIMENSION_HOST, level, host_level);
		struct svg_box box = svg_host_box(l, row, column);

		if (one != NULL)
			put_host_box(w, one, &box, out);
		else
			svg_put_unused(w, known ? "skipped" : unused, DIMENSION_HOST, level, host_level, &box,
				       why, out);
	}
}

/* Where that row's entry or data lies, below its boxes. */
static void put_place(const struct svg_layout *l, const struct explain_place *place, uint32_t row,
		      bool in_short, FILE *out)
{
	char text[WORDS_BYTES];

	svg_place_words(place, l->narrow, in_short, text);
	svg_text(out, SVG_CODE, l->caption_x, svg_below_y(l, row, SVG_CAPTION), l->caption_width, "%s", text);
}

static void put_label(const struct svg_walk *w, const struct svg_layout *l, uint32_t row, bool used,
		      FILE *out)
{
	uint32_t level = svg_level(w, row), high, low;
	int x = l->area.x, y = svg_middle_y(l, row);

	if (level == 0) {
		svg_text(out, used ? SVG_HEAD : SVG_GREY, x, y - 3, l->label_width, "data");
		svg_text(out, used ? SVG_SMALL : SVG_GREY, x, y + 12, l->label_width, "its gpa");
		return;
	}
	page_walk_index_bits(level, &high, &low);
	svg_text(out, used ? SVG_HEAD : SVG_GREY, x, y - 3, 0, "g%s", page_entry_name(level));
	svg_text(out, used ? SVG_SMALL : SVG_GREY, x, y + 12, l->label_width, "GVA %u:%u", high, low);
	if (row == 0)
		svg_text(out, SVG_SMALL, x, y + 26, l->label_width, "from CR3");
}

static void put_headers(const struct svg_walk *w, const struct svg_layout *l, FILE *out)
{
	int y = l->first_y - 8;

	for (uint32_t column = 0; column < l->columns; column++) {
		struct svg_box box = svg_host_box(l, 0, column);
		int middle = box.x + box.width / 2;
		uint32_t level = w->x->host_levels - column, high, low;

		page_walk_index_bits(level, &high, &low);
		svg_text(out, SVG_STRONG | SVG_MIDDLE, middle, y - 13, 0, "%s%s%s",
			 l->narrow ? "" : words_second_dimension(w->x), l->narrow ? "" : " ",
			 page_entry_name(level));
		svg_text(out, SVG_SMALL | SVG_MIDDLE, middle, y, 0, "GPA %u:%u", high, low);
	}
	if (l->narrow && l->columns != 0)
		svg_text(out, SVG_STRONG, l->area.x, y - 13, l->label_width,
			 "%s:", words_second_dimension(w->x));
	svg_text(out, SVG_STRONG, l->guest_x, y - 13, l->guest_width, "guest's entry");
	svg_text(out, SVG_SMALL, l->guest_x, y, l->guest_width, "in the guest's memory");
}

/* A row without an entry: the guest's leaf made it unnecessary, or a fault came first. */
static void put_unused_row(const struct svg_walk *w, const struct svg_layout *l, uint32_t row, FILE *out)
{
	const struct page_walk *walk = &explanation_last(w->x)->walk;
	bool skipped = walk->fault == PAGE_FAULT_NONE;
	const char *look = skipped ? "skipped" : "unreached";
	struct svg_box box = svg_guest_box(l, row);
	uint32_t level = svg_level(w, row);
	char size[24];

	put_host_boxes(w, l, row, look, out);
	svg_put_unused(w, look, DIMENSION_GUEST, level, level, &box, "", out);
	if (skipped)
		svg_text(out, SVG_GREY, l->host_x, svg_below_y(l, row, SVG_CAPTION), 0,
			 "skipped by the guest's %s leaf", words_size(walk->leaf_bytes, size));
}

static void put_fault_words(const struct svg_walk *w, const struct svg_layout *l, FILE *out)
{
	const struct page_walk *walk = &explanation_last(w->x)->walk;
	uint32_t row = walk->fault_level != 0 ? w->x->mode.levels - walk->fault_level : 0;
	char fault[WORDS_BYTES];

	if (walk->fault == PAGE_FAULT_NONE)
		return;
	(void)words_fault_short(w->x, fault);
	if (walk->fault_level == 0) {
		svg_cross(out, l->lane_x, svg_middle_y(l, row));
		svg_text(out, SVG_STRONG, l->host_x, svg_below_y(l, row, SVG_CAPTION), 0, "%s", fault);
		return;
	}
	if (walk->step_count == 0 || walk->steps[walk->step_count - 1].level != walk->fault_level)
		svg_cross(out, l->lane_x, svg_middle_y(l, row));
	svg_text(out, SVG_STRONG | SVG_END, l->guest_x + l->guest_width, svg_below_y(l, row, SVG_CAPTION), 0,
		 "%s", fault);
}

/* From the lane to the guest's entry of that row, of which `used` host boxes are read. */
static void put_row_path(const struct svg_layout *l, uint32_t row, uint32_t used, FILE *out)
{
	int half_gap = (l->host_pitch - l->host_width) / 2;

	if (used < l->columns && used != 0) {
		struct svg_box leaf = svg_host_box(l, row, used - 1);

		(void)fprintf(out, " H%d V%d H%d V%d", leaf.x + leaf.width + half_gap,
			      svg_below_y(l, row, SVG_DETOUR), l->guest_x - half_gap, svg_middle_y(l, row));
	}
	(void)fprintf(out, " H%d\"/>\n", l->guest_x - 1);
}

/*
 * The path passes each row from left to right, then goes back to the lane on the left and down. It makes a
 * detour beneath skipped boxes, so that it passes only boxes that are read.
 */
static void put_path(const struct svg_walk *w, const struct svg_layout *l, FILE *out)
{
	const struct explain_walk *last = explanation_last(w->x);
	uint32_t steps = last->walk.step_count, from = 0;
	bool arrives = w->x->references.complete;

	for (uint32_t i = 0; i < steps + (arrives ? 1 : 0); i++) {
		bool data = i == steps;
		uint32_t row = data ? w->x->mode.levels : i;

		if (i == 0)
			(void)fprintf(out, "<path class=\"path\" d=\"M%d %d", l->lane_x,
				      svg_middle_y(l, row));
		else
			(void)fprintf(out, "<path class=\"path\" d=\"M%d %d V%d H%d V%d", l->guest_x + 18,
				      svg_below_y(l, from, SVG_WAY_DOWN) - 26,
				      svg_below_y(l, from, SVG_WAY_DOWN), l->lane_x, svg_middle_y(l, row));
		put_row_path(l, row, data ? last->data.host_entries : last->places[i].host_entries, out);
		from = row;
	}
}

void svg_put_grid(const struct svg_walk *w, const struct svg_box *area, FILE *out)
{
	const struct explain_walk *last = explanation_last(w->x);
	struct svg_layout l;

	svg_layout_make(&l, area, w->x->mode.levels, walk_is_hosted(w->x->kind) ? w->x->host_levels : 0);
	put_headers(w, &l, out);
	put_path(w, &l, out);
	for (uint32_t row = 0; row < l.rows; row++) {
		bool data = row == w->x->mode.levels && last->walk.fault == PAGE_FAULT_NONE;
		struct svg_box box = svg_guest_box(&l, row);

		put_label(w, &l, row, data || row < last->walk.step_count, out);
		if (svg_level(w, row) == 0) {
			put_host_boxes(w, &l, row, data ? "unknown" : "unreached", out);
			svg_put_data(w, &box, out);
			if (data)
				put_place(&l, &last->data, row, false, out);
		} else if (row < last->walk.step_count) {
			put_host_boxes(w, &l, row, "unknown", out);
			svg_put_entry(w, row, &box, true, out);
			put_place(&l, &last->places[row], row, false, out);
		} else {
			put_unused_row(w, &l, row, out);
		}
	}
	put_fault_words(w, &l, out);
}

/* Rows are levels from the root on, then the data. Of the two columns the left one takes the place of host boxes. */
static struct svg_layout place_columns(const struct svg_box *area, uint32_t levels)
{
	struct svg_layout l;

	svg_layout_make(&l, area, levels, 0);
	l.host_x = l.lane_x;
	l.host_width = l.narrow ? 170 : 300;
	l.guest_x = l.host_x + l.host_width + (l.narrow ? 40 : 240);
	l.guest_width = l.narrow ? 190 : 300;
	l.caption_x = l.guest_x;
	l.caption_width = area->x + area->width - l.caption_x;
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
		put_place(l, &last->places[row], row, true, out);
	} else if (row < w->x->mode.levels) {
		svg_text(out, SVG_GREY, box.x, box.y + box.height / 2 + 4, 0, "%s",
			 last->walk.fault == PAGE_FAULT_NONE ? "none: the guest's leaf is above"
							     : "not reached");
	} else if (last->walk.fault == PAGE_FAULT_NONE) {
		svg_text(out, SVG_LABEL, box.x, svg_below_y(l, row, SVG_CAPTION) - 17, box.width,
			 "the data's gpa");
		put_place(l, &last->data, row, true, out);
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
