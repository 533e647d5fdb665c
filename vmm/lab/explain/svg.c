/*
 * SVG elements, where boxes lie, and what stands in the boxes that both kinds of picture have. All text that comes from
 * elsewhere is escaped here.
 */
#include "vmm/lab/explain/write.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "vmm/util/text.h"

#define TEXT_BYTES 512

/*
 * Class, and the mean width of a character in hundredths of a pixel. Generic fonts differ, so it is a wide
 * estimate.
 */
static const struct {
	const char *name;
	int pitch;
} looks[SVG_LOOKS] = {
	[SVG_TITLE] = { "t title", 1150 }, [SVG_HEAD] = { "t head", 800 },
	[SVG_NUMBER] = { "number", 900 },  [SVG_LABEL] = { "t label", 640 },
	[SVG_SMALL] = { "t small", 590 },  [SVG_STRONG] = { "t strong", 650 },
	[SVG_VALUE] = { "m value", 725 },  [SVG_CODE] = { "m code", 665 },
	[SVG_GREY] = { "t grey", 590 },
};

static const char *const style =
	"text { font-family: sans-serif; font-size: 12px; fill: #000; }\n"
	".m { font-family: monospace; }\n"
	".title { font-size: 20px; font-weight: bold; }\n"
	".head, .number { font-size: 14px; font-weight: bold; }\n"
	".small, .strong, .code, .grey { font-size: 11px; }\n"
	".strong { font-weight: bold; }\n"
	".grey { fill: #666; }\n"
	".end { text-anchor: end; }\n"
	".middle { text-anchor: middle; }\n"
	"rect { fill: #fff; stroke: #000; stroke-width: 1.5; }\n"
	".read rect { fill: #e3ecf7; stroke-width: 2; }\n"
	".derived rect { stroke-dasharray: 5 3; }\n"
	".data rect { fill: #e6f2e1; stroke-width: 2; rx: 9px; }\n"
	".skipped rect, .unreached rect, .unknown rect { fill: #f3f3f3; stroke: #8c8c8c; stroke-width: 1; "
	"stroke-dasharray: 1 3; }\n"
	".fault rect { stroke: #a3001b; stroke-width: 4; }\n"
	".strike { stroke: #8c8c8c; stroke-width: 1; }\n"
	".cross { stroke: #a3001b; stroke-width: 4; }\n"
	".rule { stroke: #b0b0b0; stroke-width: 1; }\n"
	".path { fill: none; stroke: #1c5a9c; stroke-width: 2; marker-end: url(#arrow); }\n"
	".builds { fill: none; stroke: #555; stroke-width: 1.5; stroke-dasharray: 6 4; marker-end: "
	"url(#arrow); }\n";

static void put_escaped(FILE *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '&')
			(void)fputs("&amp;", out);
		else if (c == '<')
			(void)fputs("&lt;", out);
		else if (c == '>')
			(void)fputs("&gt;", out);
		else if (c == '"')
			(void)fputs("&quot;", out);
		else
			(void)fputc(c < 0x20 || c >= 0x7f ? '?' : c, out);
	}
}

void svg_begin(FILE *out, const char *title)
{
	(void)fprintf(
		out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
		"role=\"img\">\n<title>",
		SVG_WIDTH, SVG_HEIGHT, SVG_WIDTH, SVG_HEIGHT);
	put_escaped(out, title, strlen(title));
	(void)fprintf(
		out,
		"</title>\n<style>\n%s</style>\n"
		"<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"5\" "
		"markerHeight=\"5\" orient=\"auto\"><path d=\"M0 0 L8 4 L0 8 z\" "
		"fill=\"#1c5a9c\"/></marker></defs>\n"
		"<rect class=\"paper\" width=\"%d\" height=\"%d\" style=\"stroke: none\"/>\n",
		style, SVG_WIDTH, SVG_HEIGHT);
}

void svg_text(FILE *out, uint32_t look, int x, int y, int width, const char *fmt, ...)
{
	const char *anchor = (look & SVG_MIDDLE) != 0 ? " middle" : (look & SVG_END) != 0 ? " end" : "";
	uint32_t kind = look & ~(SVG_MIDDLE | SVG_END);
	char text[TEXT_BYTES];
	size_t length, most;
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	length = strlen(text);
	most = width > 0 ? (size_t)(width * 100 / looks[kind].pitch) : length;
	(void)fprintf(out, "<text class=\"%s%s\" x=\"%d\" y=\"%d\">", looks[kind].name, anchor, x, y);
	put_escaped(out, text, length <= most ? length : most > 2 ? most - 2 : 0);
	(void)fprintf(out, "%s</text>\n", length <= most ? "" : "..");
}

void svg_rect(FILE *out, const struct svg_box *box)
{
	(void)fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", box->x, box->y,
		      box->width, box->height);
}

void svg_line(FILE *out, const char *look, int x1, int y1, int x2, int y2)
{
	(void)fprintf(out, "<path class=\"%s\" d=\"M%d %d L%d %d\"/>\n", look, x1, y1, x2, y2);
}

void svg_group(FILE *out, const char *look, const char *id, const char *fmt, ...)
{
	char text[TEXT_BYTES];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	(void)fprintf(out, "<g class=\"%s\"", look);
	if (id[0] != '\0')
		(void)fprintf(out, " id=\"%s\"", id);
	(void)fputs("><title>", out);
	put_escaped(out, text, strlen(text));
	(void)fputs("</title>\n", out);
}

void svg_group_end(FILE *out)
{
	(void)fputs("</g>\n", out);
}

void svg_cross(FILE *out, int x, int y)
{
	(void)fprintf(out, "<path class=\"cross\" d=\"M%d %d L%d %d M%d %d L%d %d\"/>\n", x - 8, y - 8, x + 8,
		      y + 8, x - 8, y + 8, x + 8, y - 8);
}

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
	/* Without host columns the path comes down where the caption would begin. */
	l->caption_x = host_levels != 0 ? l->host_x : l->guest_x + 28;
	l->caption_width = (host_levels != 0 ? l->guest_x : area->x + area->width) - l->caption_x;
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

const char *svg_reference_id(const struct svg_walk *w, const struct explain_reference *one, char *id)
{
	id[0] = '\0';
	if (one != NULL)
		(void)snprintf(id, SVG_ID_BYTES, "w%u-ref-%u", w->number, one->number);
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
		append(text, WORDS_BYTES, " -> slot %u, hva 0x%" PRIx64, place->slot, place->hva);
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
	svg_group(out, group, id, "%s [%u] at gpa 0x%" PRIx64 ", read", page_entry_name(step->level),
		  step->index, step->entry_pa);
	svg_rect(out, box);
	if (id[0] != '\0')
		svg_text(out, SVG_NUMBER, x, svg_line_y(box, 0), 0, "%u", one->number);
	svg_text(out, SVG_LABEL, x + (numbered ? 28 : 0), svg_line_y(box, 0), width - 28, "%s [%u]%s",
		 page_entry_name(step->level), step->index, step->leaf ? ", leaf" : "");
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
