/*
 * Shadow paging. On the left is the table that the CPU walks; it is KVM's. On the right is the guest's own
 * table, which the CPU never reads: KVM reads it when it builds an entry on the left.
 */
#include "vmm/lab/explain/write.h"

#include <inttypes.h>
#include <stddef.h>

/* Rows are levels from the root on, then the data; two columns of boxes. */
struct columns {
	struct svg_layout l; /* of the right column; no host columns */
	int left_x, left_width;
};

static void place_columns(struct columns *c, const struct svg_box *area, uint32_t levels)
{
	int gap;

	svg_layout_make(&c->l, area, levels, 0);
	gap = c->l.narrow ? 40 : 240;
	c->left_x = c->l.lane_x;
	c->left_width = c->l.narrow ? 170 : 300;
	c->l.guest_x = c->left_x + c->left_width + gap;
	c->l.guest_width = c->l.narrow ? 190 : 300;
}

static struct svg_box left_box(const struct columns *c, uint32_t row)
{
	struct svg_box box = svg_guest_box(&c->l, row);

	box.x = c->left_x;
	box.width = c->left_width;
	return box;
}

static void put_shadow_box(const struct svg_walk *w, const struct explain_reference *one,
			   const struct svg_box *box, FILE *out)
{
	const struct explain_walk *last = explanation_last(w->x);
	int x = box->x + 7;
	char id[SVG_ID_BYTES], size[24];

	svg_group(out, "ref shadow derived", svg_reference_id(w, one, id), "shadow %s [%" PRIu32 "], derived",
		  page_entry_name(one->walk.level), one->index);
	svg_rect(out, box);
	svg_text(out, SVG_NUMBER, x, svg_line_y(box, 0), 0, "%" PRIu32, one->number);
	svg_text(out, SVG_LABEL, x + 28, svg_line_y(box, 0), box->width - 36, "shadow %s [%" PRIu32 "]",
		 page_entry_name(one->walk.level), one->index);
	svg_text(out, SVG_GREY, x, svg_line_y(box, 1), box->width - 14, "KVM's; cannot be read");
	if (one->walk.leaf)
		svg_text(out, SVG_STRONG, x, svg_line_y(box, 2), box->width - 14, "%s leaf%s",
			 words_size(w->x->shadow_leaf_bytes, size),
			 last->walk.leaf_bytes != last->data.page_bytes ? " (the smaller)" : "");
	svg_group_end(out);
}

/*
 * The step whose entry KVM reads to build that level: the one of the same level, or the guest's larger leaf
 * above.
 */
static uint32_t source_of(const struct explain_walk *last, uint32_t level)
{
	uint32_t i = 0;

	while (i + 1 < last->walk.step_count && last->walk.steps[i].level > level)
		i++;
	return i;
}

static void put_lines(const struct svg_walk *w, const struct columns *c, FILE *out)
{
	const struct explain_walk *last = explanation_last(w->x);
	int middle = c->left_x + c->left_width / 2;

	for (uint32_t i = 0; i < w->x->references.count; i++) {
		const struct explain_reference *one = &w->x->references.list[i];
		uint32_t row = svg_level(w, one->walk.level);
		uint32_t from = w->x->mode.levels - last->walk.steps[source_of(last, one->walk.level)].level;
		struct svg_box box = left_box(c, row),
			       next = left_box(c, one->walk.leaf ? w->x->mode.levels : row + 1);
		int x = one->walk.leaf && row + 1 != w->x->mode.levels ? c->left_x - 1 : middle;

		svg_line(out, "builds", c->l.guest_x - 2, svg_middle_y(&c->l, from),
			 c->left_x + c->left_width + 2, svg_middle_y(&c->l, row));
		if (x == middle)
			svg_line(out, "path", middle, box.y + box.height, middle, next.y - 1);
		else
			(void)fprintf(out, "<path class=\"path\" d=\"M%d %d H%d V%d H%d\"/>\n", x,
				      box.y + box.height / 2, x - 7, next.y + next.height / 2, x);
	}
}

static void put_place(const struct columns *c, const struct explain_place *place, uint32_t row, FILE *out)
{
	char text[WORDS_BYTES];

	svg_place_words(place, c->l.narrow, true, text);
	svg_text(out, SVG_CODE, c->l.guest_x, svg_below_y(&c->l, row, SVG_CAPTION),
		 c->l.area.x + c->l.area.width - c->l.guest_x, "%s", text);
}

static void put_left(const struct svg_walk *w, const struct columns *c, uint32_t row, FILE *out)
{
	bool arrives = explanation_last(w->x)->walk.fault == PAGE_FAULT_NONE;
	uint32_t level = svg_level(w, row);
	const struct explain_reference *one = explain_reference_at(w->x, DIMENSION_GUEST, level, level);
	struct svg_box box = left_box(c, row);
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

static void put_right(const struct svg_walk *w, const struct columns *c, uint32_t row, FILE *out)
{
	const struct explain_walk *last = explanation_last(w->x);
	uint32_t level = svg_level(w, row), step = svg_step(last, level);
	struct svg_box box = svg_guest_box(&c->l, row);

	if (level == 0) {
		if (last->walk.fault == PAGE_FAULT_NONE) {
			svg_text(out, SVG_LABEL, box.x, svg_below_y(&c->l, row, SVG_CAPTION) - 17, box.width,
				 "the data's gpa");
			put_place(c, &last->data, row, out);
		}
		return;
	}
	if (step < last->walk.step_count) {
		svg_put_entry(w, step, &box, false, out);
		put_place(c, &last->places[step], row, out);
		return;
	}
	svg_text(out, SVG_GREY, box.x, box.y + box.height / 2 + 4, 0, "%s",
		 last->walk.fault == PAGE_FAULT_NONE ? "none: the guest's leaf is above" : "not reached");
}

static void put_heads(const struct svg_walk *w, const struct columns *c, FILE *out)
{
	int y = c->l.first_y - 10;

	for (uint32_t row = 0; row <= w->x->mode.levels; row++) {
		uint32_t level = svg_level(w, row), high, low;

		if (level == 0) {
			svg_text(out, SVG_HEAD, c->l.area.x, svg_middle_y(&c->l, row) + 4, 0, "data");
			continue;
		}
		page_walk_index_bits(level, &high, &low);
		svg_text(out, SVG_HEAD, c->l.area.x, svg_middle_y(&c->l, row) - 3, 0, "%s",
			 page_table_name(level));
		svg_text(out, SVG_SMALL, c->l.area.x, svg_middle_y(&c->l, row) + 12, 0,
			 "GVA %" PRIu32 ":%" PRIu32, high, low);
	}
	svg_text(out, SVG_HEAD, c->left_x, y, c->l.guest_x - c->left_x - 10, "%s",
		 c->l.narrow ? "What the CPU walks" : "What the CPU walks: KVM's shadow table");
	svg_text(out, SVG_HEAD, c->l.guest_x, y, 0, "%s",
		 c->l.narrow ? "What KVM reads" : "What KVM reads to build it: the guest's own table");
}

void svg_put_shadow(const struct svg_walk *w, const struct svg_box *area, FILE *out)
{
	const struct page_walk *walk = &explanation_last(w->x)->walk;
	char fault[WORDS_BYTES];
	struct columns c;

	place_columns(&c, area, w->x->mode.levels);
	put_heads(w, &c, out);
	put_lines(w, &c, out);
	for (uint32_t row = 0; row <= w->x->mode.levels; row++) {
		put_left(w, &c, row, out);
		put_right(w, &c, row, out);
	}
	if (walk->fault == PAGE_FAULT_NONE)
		return;
	svg_text(out, SVG_STRONG, c.l.guest_x + c.l.guest_width + 8,
		 svg_middle_y(&c.l, walk->fault_level != 0 ? w->x->mode.levels - walk->fault_level : 0) + 4,
		 0, "%s", words_fault_short(w->x, fault));
}
