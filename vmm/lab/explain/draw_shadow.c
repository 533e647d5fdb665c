/*
 * Shadow paging. On the left what the CPU walks, which is one table of KVM's; on the right the guest's own table, which the
 * CPU never sees: KVM reads it when it builds an entry on the left.
 */
#include "vmm/lab/explain/draw_parts.h"

#include <inttypes.h>
#include <stddef.h>

#include "vmm/lab/explain/words.h"
#include "vmm/util/append.h"

/* Rows are levels from the root on, then the data; two columns of boxes. */
struct columns {
	struct draw_layout l; /* of the right column; no host columns */
	int left_x, left_width;
};

static void place_columns(struct columns *c, const struct svg_box *area, uint32_t levels)
{
	int gap;

	draw_layout_make(&c->l, area, levels, 0);
	gap = c->l.narrow ? 40 : 240;
	c->left_x = c->l.lane_x;
	c->left_width = c->l.narrow ? 170 : 300;
	c->l.guest_x = c->left_x + c->left_width + gap;
	c->l.guest_width = c->l.narrow ? 190 : 300;
}

static struct svg_box left_box(const struct columns *c, uint32_t row)
{
	struct svg_box box = draw_layout_guest(&c->l, row);

	box.x = c->left_x;
	box.width = c->left_width;
	return box;
}

static void draw_shadow_box(const struct draw_walk *w, const struct explain_reference *one,
			    const struct svg_box *box, FILE *out)
{
	const struct explain_walk *last = explanation_last(w->x);
	int x = box->x + 7;
	char id[32], size[24];

	(void)snprintf(id, sizeof(id), "w%" PRIu32 "-ref-%" PRIu32, w->number, one->number);
	svg_group(out, "ref shadow derived", id, "shadow %s [%" PRIu32 "], derived",
		  page_entry_name(one->level), one->index);
	svg_rect(out, box);
	svg_text(out, SVG_NUMBER, x, draw_layout_line(box, 0), 0, "%" PRIu32, one->number);
	svg_text(out, SVG_LABEL, x + 28, draw_layout_line(box, 0), box->width - 36, "shadow %s [%" PRIu32 "]",
		 page_entry_name(one->level), one->index);
	svg_text(out, SVG_GREY, x, draw_layout_line(box, 1), box->width - 14, "KVM's; cannot be read");
	if (one->leaf)
		svg_text(out, SVG_STRONG, x, draw_layout_line(box, 2), box->width - 14, "%s leaf%s",
			 words_size(w->x->shadow_leaf_bytes, size),
			 last->walk.leaf_bytes != last->data.page_bytes ? " (the smaller)" : "");
	svg_group_end(out);
}

/* Step whose entry KVM reads for that level: its own, or the guest's larger leaf above. */
static uint32_t source_of(const struct explain_walk *last, uint32_t level)
{
	uint32_t i = 0;

	while (i + 1 < last->walk.step_count && last->walk.steps[i].level > level)
		i++;
	return i;
}

static void draw_lines(const struct draw_walk *w, const struct columns *c, FILE *out)
{
	const struct explain_walk *last = explanation_last(w->x);
	int middle = c->left_x + c->left_width / 2;

	for (uint32_t i = 0; i < w->r->count; i++) {
		const struct explain_reference *one = &w->r->list[i];
		uint32_t row = w->x->mode.levels - one->level;
		uint32_t from = w->x->mode.levels - last->walk.steps[source_of(last, one->level)].level;
		struct svg_box box = left_box(c, row),
			       next = left_box(c, one->leaf ? w->x->mode.levels : row + 1);
		int x = one->leaf && row + 1 != w->x->mode.levels ? c->left_x - 1 : middle;

		svg_line(out, "builds", c->l.guest_x - 2, draw_layout_middle(&c->l, from),
			 c->left_x + c->left_width + 2, draw_layout_middle(&c->l, row));
		if (x == middle)
			svg_line(out, "path", middle, box.y + box.height, middle, next.y - 1);
		else
			(void)fprintf(out, "<path class=\"path\" d=\"M%d %d H%d V%d H%d\"/>\n", x,
				      box.y + box.height / 2, x - 7, next.y + next.height / 2, x);
	}
}

static void draw_place(const struct columns *c, const struct explain_place *place, uint32_t row, FILE *out)
{
	char text[WORDS_BYTES], size[24];

	(void)snprintf(text, sizeof(text), "gpa 0x%" PRIx64, place->gpa);
	if (!place->in_slot)
		append(text, sizeof(text), ": in no memory slot");
	else if (!c->l.narrow)
		append(text, sizeof(text), " -> slot %" PRIu32 ", hva 0x%" PRIx64, place->slot, place->hva);
	if (place->frame_known)
		append(text, sizeof(text), " -> hpa 0x%" PRIx64, place->frame);
	if (place->page_bytes != 0)
		append(text, sizeof(text), " (%s%s)", words_size(place->page_bytes, size),
		       c->l.narrow ? "" : " page");
	svg_text(out, SVG_CODE, c->l.guest_x, draw_layout_caption(&c->l, row),
		 c->l.area.x + c->l.area.width - c->l.guest_x, "%s", text);
}

static void draw_left(const struct draw_walk *w, const struct columns *c, uint32_t row, FILE *out)
{
	bool arrives = explanation_last(w->x)->walk.fault == PAGE_FAULT_NONE;
	uint32_t level = w->x->mode.levels - row;
	const struct explain_reference *one = explain_reference_at(w->r, DIMENSION_GUEST, level, level);
	struct svg_box box = left_box(c, row);
	char size[24], why[48];

	if (level == 0) {
		draw_data(w, &box, out);
	} else if (one != NULL) {
		draw_shadow_box(w, one, &box, out);
	} else if (w->r->complete) {
		(void)snprintf(why, sizeof(why), "by %s leaf", words_size(w->x->shadow_leaf_bytes, size));
		draw_unused(w, "skipped", DIMENSION_GUEST, level, level, &box, why, out);
	} else {
		draw_unused(w, arrives ? "unknown" : "unreached", DIMENSION_GUEST, level, level, &box, "",
			    out);
	}
}

static void draw_right(const struct draw_walk *w, const struct columns *c, uint32_t row, FILE *out)
{
	const struct explain_walk *last = explanation_last(w->x);
	uint32_t level = w->x->mode.levels - row;
	struct svg_box box = draw_layout_guest(&c->l, row);

	if (level == 0) {
		if (last->walk.fault == PAGE_FAULT_NONE) {
			svg_text(out, SVG_LABEL, box.x, draw_layout_caption(&c->l, row) - 17, box.width,
				 "the data's gpa");
			draw_place(c, &last->data, row, out);
		}
		return;
	}
	for (uint32_t i = 0; i < last->walk.step_count; i++) {
		if (last->walk.steps[i].level == level) {
			draw_entry(w, i, &box, false, out);
			draw_place(c, &last->places[i], row, out);
			return;
		}
	}
	svg_text(out, SVG_GREY, box.x, box.y + box.height / 2 + 4, 0, "%s",
		 last->walk.fault == PAGE_FAULT_NONE ? "none: the guest's leaf is above" : "not reached");
}

static void draw_heads(const struct draw_walk *w, const struct columns *c, FILE *out)
{
	int y = c->l.first_y - 10;

	for (uint32_t row = 0; row <= w->x->mode.levels; row++) {
		uint32_t level = w->x->mode.levels - row, high, low;

		if (level == 0) {
			svg_text(out, SVG_HEAD, c->l.area.x, draw_layout_middle(&c->l, row) + 4, 0, "data");
			continue;
		}
		page_walk_index_bits(level, &high, &low);
		svg_text(out, SVG_HEAD, c->l.area.x, draw_layout_middle(&c->l, row) - 3, 0, "%s",
			 page_table_name(level));
		svg_text(out, SVG_SMALL, c->l.area.x, draw_layout_middle(&c->l, row) + 12, 0,
			 "GVA %" PRIu32 ":%" PRIu32, high, low);
	}
	svg_text(out, SVG_HEAD, c->left_x, y, c->l.guest_x - c->left_x - 10, "%s",
		 c->l.narrow ? "What the CPU walks" : "What the CPU walks: KVM's shadow table");
	svg_text(out, SVG_HEAD, c->l.guest_x, y, 0, "%s",
		 c->l.narrow ? "What KVM reads" : "What KVM reads to build it: the guest's own table");
}

void draw_shadow(const struct draw_walk *w, const struct svg_box *area, FILE *out)
{
	const struct page_walk *walk = &explanation_last(w->x)->walk;
	char fault[WORDS_BYTES];
	struct columns c;

	place_columns(&c, area, w->x->mode.levels);
	draw_heads(w, &c, out);
	draw_lines(w, &c, out);
	for (uint32_t row = 0; row <= w->x->mode.levels; row++) {
		draw_left(w, &c, row, out);
		draw_right(w, &c, row, out);
	}
	if (walk->fault == PAGE_FAULT_NONE)
		return;
	svg_text(
		out, SVG_STRONG, c.l.guest_x + c.l.guest_width + 8,
		draw_layout_middle(&c.l, walk->fault_level != 0 ? w->x->mode.levels - walk->fault_level : 0) +
			4,
		0, "%s", words_fault_short(w->x, fault));
}
