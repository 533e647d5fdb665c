/* What stands in the boxes of both kinds of picture. */
#include "vmm/lab/explain/draw_parts.h"

#include <inttypes.h>
#include <string.h>

#include "vmm/lab/explain/words.h"

#define PADDING 7

bool draw_is_gone(const struct draw_walk *w, enum walk_dimension dimension, uint32_t row, uint32_t level)
{
	return w->before != NULL && explain_reference_at(w->before, dimension, row, level) != NULL;
}

static void strike(const struct svg_box *box, FILE *out)
{
	svg_line(out, "strike", box->x, box->y + box->height, box->x + box->width, box->y);
}

void draw_unused(const struct draw_walk *w, const char *look, enum walk_dimension dimension, uint32_t row,
		 uint32_t level, const struct svg_box *box, const char *why, FILE *out)
{
	bool gone = strcmp(look, "skipped") == 0 && draw_is_gone(w, dimension, row, level);
	const char *name = page_entry_name(level);
	int middle = box->x + box->width / 2, y = box->y + box->height / 2;
	char group[64];

	(void)snprintf(group, sizeof(group), "%s %s%s", look, dimension == DIMENSION_HOST ? "host" : "guest",
		       gone ? " gone" : "");
	svg_group(out, group, "", "%s: %s %s%s", name, look, why, gone ? "; the first walk has it" : "");
	svg_rect(out, box);
	if (gone)
		strike(box, out);
	if (gone) {
		svg_text(out, SVG_GREY, box->x + 5, box->y + 15, 0, "gone");
		if (strncmp(why, "by ", 3) == 0)
			svg_text_end(out, SVG_GREY, box->x + box->width - 4, box->y + box->height - 6, "%s",
				     why + 3);
	} else if (strcmp(look, "skipped") == 0) {
		svg_text_middle(out, SVG_GREY, middle, y - 2, box->width, "skipped");
		svg_text_middle(out, SVG_GREY, middle, y + 12, box->width + PADDING, "%s", why);
	} else if (strcmp(look, "unknown") == 0) {
		svg_text_middle(out, SVG_GREY, middle, y + 4, box->width, "?");
	}
	svg_group_end(out);
}

void draw_entry(const struct draw_walk *w, uint32_t number, const struct svg_box *box, bool numbered,
		FILE *out)
{
	const struct explain_walk *last = explanation_last(w->x);
	const struct page_walk_step *step = &last->walk.steps[number];
	const struct explain_reference *one =
		explain_reference_at(w->r, DIMENSION_GUEST, step->level, step->level);
	bool faults = last->walk.fault != PAGE_FAULT_NONE && number + 1 == last->walk.step_count &&
		      last->walk.fault_level == step->level;
	int x = box->x + PADDING, width = box->width - 2 * PADDING;
	char group[32], id[32] = "", flags[WORDS_BYTES], changes[WORDS_BYTES];

	if (numbered && one != NULL)
		(void)snprintf(id, sizeof(id), "w%" PRIu32 "-ref-%" PRIu32, w->number, one->number);
	(void)snprintf(group, sizeof(group), "%s guest read%s", id[0] != '\0' ? "ref" : "entry",
		       faults ? " fault" : "");
	svg_group(out, group, id, "%s [%" PRIu32 "] at gpa 0x%" PRIx64 ", read", page_entry_name(step->level),
		  step->index, step->entry_pa);
	svg_rect(out, box);
	if (id[0] != '\0')
		svg_text(out, SVG_NUMBER, x, draw_layout_line(box, 0), 0, "%" PRIu32, one->number);
	svg_text(out, SVG_LABEL, x + (numbered ? 28 : 0), draw_layout_line(box, 0), width - 28,
		 "%s [%" PRIu32 "]%s", page_entry_name(step->level), step->index, step->leaf ? ", leaf" : "");
	svg_text(out, SVG_VALUE, x, draw_layout_line(box, 1), width, "0x%016" PRIx64, step->entry);
	svg_text(out, SVG_CODE, x, draw_layout_line(box, 2), width, "%s", words_flags(step, flags));
	if (words_changes(w->x, number, changes)[0] != '\0')
		svg_text(out, SVG_STRONG, x, draw_layout_line(box, 3), width, "* %s", changes);
	if (faults)
		svg_cross(out, box->x + box->width - 16, box->y + 16);
	svg_group_end(out);
}

void draw_data(const struct draw_walk *w, const struct svg_box *box, FILE *out)
{
	const struct explain_walk *last = explanation_last(w->x);
	const struct explain_place *data = &last->data;
	int x = box->x + PADDING, width = box->width - 2 * PADDING;
	char size[24];

	if (last->walk.fault != PAGE_FAULT_NONE) {
		draw_unused(w, "unreached", DIMENSION_GUEST, 0, 0, box, "no translation", out);
		svg_text_middle(out, SVG_GREY, box->x + box->width / 2, box->y + box->height / 2 + 4,
				box->width, "no data: no translation");
		return;
	}
	svg_group(out, "data", "", "the data at gpa 0x%" PRIx64, data->gpa);
	svg_rect(out, box);
	svg_text(out, SVG_HEAD, x, draw_layout_line(box, 0), width, "the data");
	svg_text(out, SVG_CODE, x, draw_layout_line(box, 1), width, "gpa 0x%" PRIx64, data->gpa);
	if (!data->in_slot)
		svg_text(out, SVG_STRONG, x, draw_layout_line(box, 2), width, "in no memory slot");
	else if (!data->present)
		svg_text(out, SVG_STRONG, x, draw_layout_line(box, 2), width, "%s",
			 data->presence_hidden ? "host page not known" : "no host page yet");
	else if (data->frame_known)
		svg_text(out, SVG_CODE, x, draw_layout_line(box, 2), width, "hpa 0x%" PRIx64, data->frame);
	else
		svg_text(out, SVG_CODE, x, draw_layout_line(box, 2), width, "hpa hidden");
	if (data->page_bytes != 0)
		svg_text(out, SVG_SMALL, x, draw_layout_line(box, 3), width, "in a %s page of the host",
			 words_size(data->page_bytes, size));
	svg_group_end(out);
}
