/* SVG elements. All text that comes from elsewhere is escaped here. */
#include "vmm/lab/explain/svg.h"

#include <stdarg.h>
#include <string.h>

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

static void escaped(FILE *out, const char *text, size_t length)
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
	escaped(out, title, strlen(title));
	(void)fprintf(
		out,
		"</title>\n<style>\n%s</style>\n"
		"<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"5\" "
		"markerHeight=\"5\" orient=\"auto\"><path d=\"M0 0 L8 4 L0 8 z\" "
		"fill=\"#1c5a9c\"/></marker></defs>\n"
		"<rect class=\"paper\" width=\"%d\" height=\"%d\" style=\"stroke: none\"/>\n",
		style, SVG_WIDTH, SVG_HEIGHT);
}

void svg_end(FILE *out)
{
	(void)fputs("</svg>\n", out);
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
	escaped(out, text, length <= most ? length : most > 2 ? most - 2 : 0);
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
	escaped(out, text, strlen(text));
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
