/* The grid of both dimensions. Its path is drawn first, so that boxes lie on it. */
#include "vmm/lab/explain/draw_parts.h"

#include <inttypes.h>
#include <stddef.h>

#include "vmm/lab/explain/words.h"
#include "vmm/util/append.h"

static uint32_t level_of_row(const struct draw_walk *w, uint32_t row)
{
	return w->x->mode.levels - row; /* 0: the data */
}

/* Number of the step that read this row's entry; step_count where none did. */
static uint32_t step_of_row(const struct explain_walk *last, uint32_t level)
{
	uint32_t i = 0;

	while (i < last->walk.step_count && last->walk.steps[i].level != level)
		i++;
	return i;
}

static void draw_host_box(const struct draw_walk *w, const struct explain_reference *one,
			  const struct svg_box *box, FILE *out)
{
	int middle = box->x + box->width / 2, y = box->y + box->height / 2;
	char id[32];

	(void)snprintf(id, sizeof(id), "w%" PRIu32 "-ref-%" PRIu32, w->number, one->number);
	svg_group(out, "ref host derived", id,
		  "%s %s [%" PRIu32 "], by bits %" PRIu32 ":%" PRIu32 " of gpa 0x%" PRIx64 ", derived",
		  words_second_dimension(w->x), page_entry_name(one->level), one->index, one->high_bit,
		  one->low_bit, one->address);
	svg_rect(out, box);
	svg_text_middle(out, SVG_NUMBER, middle, y - 5, 0, "%" PRIu32, one->number);
	svg_text_middle(out, SVG_CODE, middle, y + 9, box->width, "[%" PRIu32 "]", one->index);
	if (one->leaf) {
		char size[24];

		svg_text_middle(out, SVG_SMALL, middle, y + 23, box->width, "leaf %s",
				words_size(page_walk_span_bytes(one->level), size));
	}
	svg_group_end(out);
}

static void draw_host_boxes(const struct draw_walk *w, const struct draw_layout *l, uint32_t row,
			    const char *unused, FILE *out)
{
	uint32_t level = level_of_row(w, row), first, last;
	bool known = explain_host_numbers(w->r, level, &first, &last);
	char why[48] = "", size[24];

	if (known)
		(void)snprintf(why, sizeof(why), l->host_width > 100 ? "by the %s leaf" : "by %s leaf",
			       words_size(page_walk_span_bytes(w->x->host_levels + first - last), size));
	for (uint32_t column = 0; column < l->columns; column++) {
		uint32_t host_level = w->x->host_levels - column;
		const struct explain_reference *one =
			explain_reference_at(w->r, DIMENSION_HOST, level, host_level);
		struct svg_box box = draw_layout_host(l, row, column);

		if (one != NULL)
			draw_host_box(w, one, &box, out);
		else
			draw_unused(w, known ? "skipped" : unused, DIMENSION_HOST, level, host_level, &box,
				    why, out);
	}
}

static void caption(const struct draw_layout *l, const struct explain_place *place, uint32_t row, FILE *out)
{
	char text[WORDS_BYTES], size[24];
	int y = draw_layout_caption(l, row);

	(void)snprintf(text, sizeof(text), "gpa 0x%" PRIx64, place->gpa);
	if (!place->in_slot) {
		append(text, sizeof(text), ": in no memory slot");
	} else {
		if (!l->narrow)
			append(text, sizeof(text), " -> slot %" PRIu32 ", hva 0x%" PRIx64, place->slot,
			       place->hva);
		if (!place->present)
			append(text, sizeof(text), " -> %s",
			       place->presence_hidden ? "host page not known" : "no host page yet");
		else if (place->frame_known)
			append(text, sizeof(text), " -> hpa 0x%" PRIx64, place->frame);
		else
			append(text, sizeof(text), " -> hpa hidden");
		if (place->page_bytes != 0)
			append(text, sizeof(text), " (%s page)", words_size(place->page_bytes, size));
	}
	/* Without host columns the path comes down where the caption would begin. */
	if (l->columns != 0)
		svg_text(out, SVG_CODE, l->host_x, y, l->guest_x - l->host_x, "%s", text);
	else
		svg_text(out, SVG_CODE, l->guest_x + 28, y, l->area.x + l->area.width - l->guest_x - 28, "%s",
			 text);
}

static void draw_label(const struct draw_walk *w, const struct draw_layout *l, uint32_t row, bool used,
		       FILE *out)
{
	uint32_t level = level_of_row(w, row), high, low;
	int x = l->area.x, y = draw_layout_middle(l, row);

	if (level == 0) {
		svg_text(out, used ? SVG_HEAD : SVG_GREY, x, y - 3, l->label_width, "data");
		svg_text(out, used ? SVG_SMALL : SVG_GREY, x, y + 12, l->label_width, "its gpa");
		return;
	}
	page_walk_index_bits(level, &high, &low);
	svg_text(out, used ? SVG_HEAD : SVG_GREY, x, y - 3, 0, "g%s", page_entry_name(level));
	svg_text(out, used ? SVG_SMALL : SVG_GREY, x, y + 12, l->label_width, "GVA %" PRIu32 ":%" PRIu32,
		 high, low);
	if (row == 0)
		svg_text(out, SVG_SMALL, x, y + 26, l->label_width, "from CR3");
}

static void draw_headers(const struct draw_walk *w, const struct draw_layout *l, FILE *out)
{
	int y = l->first_y - 8;

	for (uint32_t column = 0; column < l->columns; column++) {
		struct svg_box box = draw_layout_host(l, 0, column);
		int middle = box.x + box.width / 2;
		uint32_t level = w->x->host_levels - column, high, low;

		page_walk_index_bits(level, &high, &low);
		svg_text_middle(out, SVG_STRONG, middle, y - 13, 0, "%s%s%s",
				l->narrow ? "" : words_second_dimension(w->x), l->narrow ? "" : " ",
				page_entry_name(level));
		svg_text_middle(out, SVG_SMALL, middle, y, 0, "GPA %" PRIu32 ":%" PRIu32, high, low);
	}
	if (l->narrow && l->columns != 0)
		svg_text(out, SVG_STRONG, l->area.x, y - 13, l->label_width,
			 "%s:", words_second_dimension(w->x));
	svg_text(out, SVG_STRONG, l->guest_x, y - 13, l->guest_width, "guest's entry");
	svg_text(out, SVG_SMALL, l->guest_x, y, l->guest_width, "in the guest's memory");
}

/* A row that has no entry: the guest's leaf made it unnecessary, or a fault came first. */
static void draw_unused_row(const struct draw_walk *w, const struct draw_layout *l, uint32_t row, FILE *out)
{
	const struct page_walk *walk = &explanation_last(w->x)->walk;
	bool skipped = walk->fault == PAGE_FAULT_NONE;
	const char *look = skipped ? "skipped" : "unreached";
	struct svg_box box = draw_layout_guest(l, row);
	uint32_t level = level_of_row(w, row);
	char size[24];

	draw_host_boxes(w, l, row, look, out);
	draw_unused(w, look, DIMENSION_GUEST, level, level, &box, "", out);
	if (skipped)
		svg_text(out, SVG_GREY, l->host_x, draw_layout_caption(l, row), 0,
			 "skipped by the guest's %s leaf", words_size(walk->leaf_bytes, size));
}

static void draw_fault_words(const struct draw_walk *w, const struct draw_layout *l, FILE *out)
{
	const struct page_walk *walk = &explanation_last(w->x)->walk;
	uint32_t row = walk->fault_level != 0 ? w->x->mode.levels - walk->fault_level : 0;
	char fault[WORDS_BYTES];

	if (walk->fault == PAGE_FAULT_NONE)
		return;
	(void)words_fault_short(w->x, fault);
	if (walk->fault_level == 0) {
		svg_cross(out, l->lane_x, draw_layout_middle(l, row));
		svg_text(out, SVG_STRONG, l->host_x, draw_layout_caption(l, row), 0, "%s", fault);
		return;
	}
	if (walk->step_count == 0 || walk->steps[walk->step_count - 1].level != walk->fault_level)
		svg_cross(out, l->lane_x, draw_layout_middle(l, row));
	svg_text_end(out, SVG_STRONG, l->guest_x + l->guest_width, draw_layout_caption(l, row), "%s", fault);
}

void draw_grid(const struct draw_walk *w, const struct svg_box *area, FILE *out)
{
	const struct explain_walk *last = explanation_last(w->x);
	bool nested = w->x->kind == WALK_NESTED || w->x->kind == WALK_UNPAGED;
	struct draw_layout l;

	draw_layout_make(&l, area, w->x->mode.levels, nested ? w->x->host_levels : 0);
	draw_headers(w, &l, out);
	draw_path(w, &l, out);
	for (uint32_t row = 0; row < l.rows; row++) {
		uint32_t level = level_of_row(w, row), step = step_of_row(last, level);
		struct svg_box box = draw_layout_guest(&l, row);
		bool data = level == 0 && last->walk.fault == PAGE_FAULT_NONE;

		draw_label(w, &l, row, data || step < last->walk.step_count, out);
		if (level == 0) {
			draw_host_boxes(w, &l, row, data ? "unknown" : "unreached", out);
			draw_data(w, &box, out);
			if (data)
				caption(&l, &last->data, row, out);
		} else if (step < last->walk.step_count) {
			draw_host_boxes(w, &l, row, "unknown", out);
			draw_entry(w, step, &box, true, out);
			caption(&l, &last->places[step], row, out);
		} else {
			draw_unused_row(w, &l, row, out);
		}
	}
	draw_fault_words(w, &l, out);
}
