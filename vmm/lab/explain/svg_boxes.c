/* Where boxes lie, and what stands in those that both kinds of picture have. */
#include "vmm/lab/explain/svg.h"

#include <inttypes.h>
#include <string.h>

#include "vmm/lab/explain/text.h"
#include "vmm/util/text.h"

#define PADDING 7
#define HEADER_HEIGHT 32
/* Below a row's boxes: the detour, its caption, the way down. */
#define BELOW_BOXES 34
#define BOX_MAX_WIDTH 200
#define BOX_MAX_HEIGHT 76

void svg_layout_make(struct svg_layout *l, const struct svg_box *area, uint32_t guest_levels,
		     uint32_t host_levels)
{
	int gap, room;

	*l = (struct svg_layout){ .area = *area, .rows = guest_levels + 1, .columns = host_levels };
	l->narrow = area->width < SVG_WIDTH * 2 / 3;
	gap = l->narrow ? 8 : 16;
	l->label_width = l->narrow ? 66 : 120;
	l->guest_width = l->narrow ? 168 : 250;
	l->lane_x = area->x + l->label_width + 4;
	l->host_x = l->lane_x + (l->narrow ? 16 : 26);
	l->guest_x = area->x + area->width - l->guest_width;
	if (host_levels != 0) {
		room = l->guest_x - l->host_x;
		l->host_pitch = room / (int)host_levels;
		l->host_width = l->host_pitch - gap;
		if (l->host_width > BOX_MAX_WIDTH) {
			l->host_width = BOX_MAX_WIDTH;
			l->host_pitch = BOX_MAX_WIDTH + gap;
			l->guest_x = l->host_x + l->host_pitch * (int)host_levels;
		}
	} else {
		l->guest_x = l->host_x;
	}
	l->first_y = area->y + HEADER_HEIGHT;
	l->row_pitch = (area->height - HEADER_HEIGHT) / (int)l->rows;
	l->box_height = l->row_pitch - BELOW_BOXES;
	if (l->box_height > BOX_MAX_HEIGHT)
		l->box_height = BOX_MAX_HEIGHT;
}

struct svg_box svg_host_box(const struct svg_layout *l, uint32_t row, uint32_t column)
{
	return (struct svg_box){ l->host_x + l->host_pitch * (int)column,
				 l->first_y + l->row_pitch * (int)row, l->host_width, l->box_height };
}

struct svg_box svg_guest_box(const struct svg_layout *l, uint32_t row)
{
	return (struct svg_box){ l->guest_x, l->first_y + l->row_pitch * (int)row, l->guest_width,
				 l->box_height };
}

int svg_line_y(const struct svg_box *box, int line)
{
	return box->y + 15 + line * (box->height - 20) / 3;
}

int svg_middle_y(const struct svg_layout *l, uint32_t row)
{
	return l->first_y + l->row_pitch * (int)row + l->box_height / 2;
}

int svg_below_y(const struct svg_layout *l, uint32_t row, enum svg_below below)
{
	return l->first_y + l->row_pitch * (int)row + l->box_height + (int)below;
}

uint32_t svg_step(const struct explain_walk *walk, uint32_t level)
{
	uint32_t i = 0;

	while (i < walk->walk.step_count && walk->walk.steps[i].level != level)
		i++;
	return i;
}

const char *svg_reference_id(const struct svg_walk *w, const struct explain_reference *one, char *id)
{
	id[0] = '\0';
	if (one != NULL)
		(void)snprintf(id, SVG_ID_BYTES, "w%" PRIu32 "-ref-%" PRIu32, w->number, one->number);
	return id;
}

/* What there is at the place. */
static const char *frame_words(const struct explain_place *place, char *buf)
{
	if (!place->in_slot)
		return "in no memory slot";
	if (!place->present)
		return place->presence_hidden ? "host page not known" : "no host page yet";
	if (!place->frame_known)
		return "hpa hidden";
	(void)snprintf(buf, WORDS_BYTES, "hpa 0x%" PRIx64, place->frame);
	return buf;
}

void svg_place_words(const struct explain_place *place, bool narrow, bool in_short, char *text)
{
	char frame[WORDS_BYTES], size[24];

	(void)snprintf(text, WORDS_BYTES, "gpa 0x%" PRIx64, place->gpa);
	if (!place->in_slot) {
		append(text, WORDS_BYTES, ": %s", frame_words(place, frame));
		return;
	}
	if (!narrow)
		append(text, WORDS_BYTES, " -> slot %" PRIu32 ", hva 0x%" PRIx64, place->slot, place->hva);
	if (!in_short || place->frame_known)
		append(text, WORDS_BYTES, " -> %s", frame_words(place, frame));
	if (place->page_bytes != 0)
		append(text, WORDS_BYTES, " (%s%s)", words_size(place->page_bytes, size),
		       narrow && in_short ? "" : " page");
}

void svg_put_unused(const struct svg_walk *w, const char *look, enum walk_dimension dimension, uint32_t row,
		    uint32_t level, const struct svg_box *box, const char *why, FILE *out)
{
	bool gone = strcmp(look, "skipped") == 0 && w->before != NULL &&
		    explain_reference_at(w->before, dimension, row, level) != NULL;
	const char *name = page_entry_name(level);
	int middle = box->x + box->width / 2, y = box->y + box->height / 2;
	char group[64];

	(void)snprintf(group, sizeof(group), "%s %s%s", look, dimension == DIMENSION_HOST ? "host" : "guest",
		       gone ? " gone" : "");
	svg_group(out, group, "", "%s: %s %s%s", name, look, why, gone ? "; the first walk has it" : "");
	svg_rect(out, box);
	if (gone) {
		svg_line(out, "strike", box->x, box->y + box->height, box->x + box->width, box->y);
		svg_text(out, SVG_GREY, box->x + 5, box->y + 15, 0, "gone");
		if (strncmp(why, "by ", 3) == 0)
			svg_text(out, SVG_GREY | SVG_END, box->x + box->width - 4, box->y + box->height - 6,
				 0, "%s", why + 3);
	} else if (strcmp(look, "skipped") == 0) {
		svg_text(out, SVG_GREY | SVG_MIDDLE, middle, y - 2, box->width, "skipped");
		svg_text(out, SVG_GREY | SVG_MIDDLE, middle, y + 12, box->width + PADDING, "%s", why);
	} else if (strcmp(look, "unknown") == 0) {
		svg_text(out, SVG_GREY | SVG_MIDDLE, middle, y + 4, box->width, "?");
	}
	svg_group_end(out);
}

void svg_put_entry(const struct svg_walk *w, uint32_t number, const struct svg_box *box, bool numbered,
		   FILE *out)
{
	const struct explain_walk *last = explanation_last(w->x);
	const struct page_walk_step *step = &last->walk.steps[number];
	const struct explain_reference *one =
		explain_reference_at(w->x, DIMENSION_GUEST, step->level, step->level);
	bool faults = last->walk.fault != PAGE_FAULT_NONE && number + 1 == last->walk.step_count &&
		      last->walk.fault_level == step->level;
	int x = box->x + PADDING, width = box->width - 2 * PADDING;
	char group[32], id[SVG_ID_BYTES], flags[WORDS_BYTES], changes[WORDS_BYTES];

	(void)svg_reference_id(w, numbered ? one : NULL, id);
	(void)snprintf(group, sizeof(group), "%s guest read%s", id[0] != '\0' ? "ref" : "entry",
		       faults ? " fault" : "");
	svg_group(out, group, id, "%s [%" PRIu32 "] at gpa 0x%" PRIx64 ", read", page_entry_name(step->level),
		  step->index, step->entry_pa);
	svg_rect(out, box);
	if (id[0] != '\0')
		svg_text(out, SVG_NUMBER, x, svg_line_y(box, 0), 0, "%" PRIu32, one->number);
	svg_text(out, SVG_LABEL, x + (numbered ? 28 : 0), svg_line_y(box, 0), width - 28,
		 "%s [%" PRIu32 "]%s", page_entry_name(step->level), step->index, step->leaf ? ", leaf" : "");
	svg_text(out, SVG_VALUE, x, svg_line_y(box, 1), width, "0x%016" PRIx64, step->entry);
	svg_text(out, SVG_CODE, x, svg_line_y(box, 2), width, "%s", words_flags(step, flags));
	if (words_changes(w->x, number, changes)[0] != '\0')
		svg_text(out, SVG_STRONG, x, svg_line_y(box, 3), width, "* %s", changes);
	if (faults)
		svg_cross(out, box->x + box->width - 16, box->y + 16);
	svg_group_end(out);
}

void svg_put_data(const struct svg_walk *w, const struct svg_box *box, FILE *out)
{
	const struct explain_walk *last = explanation_last(w->x);
	const struct explain_place *data = &last->data;
	int x = box->x + PADDING, width = box->width - 2 * PADDING;
	char frame[WORDS_BYTES], size[24];

	if (last->walk.fault != PAGE_FAULT_NONE) {
		svg_put_unused(w, "unreached", DIMENSION_GUEST, 0, 0, box, "no translation", out);
		svg_text(out, SVG_GREY | SVG_MIDDLE, box->x + box->width / 2, box->y + box->height / 2 + 4,
			 box->width, "no data: no translation");
		return;
	}
	svg_group(out, "data", "", "the data at gpa 0x%" PRIx64, data->gpa);
	svg_rect(out, box);
	svg_text(out, SVG_HEAD, x, svg_line_y(box, 0), width, "the data");
	svg_text(out, SVG_CODE, x, svg_line_y(box, 1), width, "gpa 0x%" PRIx64, data->gpa);
	svg_text(out, data->in_slot && data->present ? SVG_CODE : SVG_STRONG, x, svg_line_y(box, 2), width,
		 "%s", frame_words(data, frame));
	if (data->page_bytes != 0)
		svg_text(out, SVG_SMALL, x, svg_line_y(box, 3), width, "in a %s page of the host",
			 words_size(data->page_bytes, size));
	svg_group_end(out);
}
