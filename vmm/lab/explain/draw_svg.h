/*
 * The few elements of SVG that the pictures are made of. Coordinates are in pixels of a canvas 1280 wide. Texts are ASCII:
 * all else becomes '?', and what XML would obey is escaped.
 */
#ifndef MINIVMM_LAB_EXPLAIN_DRAW_SVG_H
#define MINIVMM_LAB_EXPLAIN_DRAW_SVG_H

#include <stdint.h>
#include <stdio.h>

#define SVG_WIDTH 1280
#define SVG_HEIGHT 720

struct svg_box {
	int x, y, width, height;
};

/* How a text looks: each is a class of the style sheet. */
enum svg_text {
	SVG_TITLE,  /* 20 px, bold */
	SVG_HEAD,   /* 14 px, bold */
	SVG_NUMBER, /* 14 px, bold: the number of a reference, and nothing else */
	SVG_LABEL,  /* 12 px */
	SVG_SMALL,  /* 11 px */
	SVG_STRONG, /* 11 px, bold */
	SVG_VALUE,  /* 12 px, fixed pitch */
	SVG_CODE,   /* 11 px, fixed pitch */
	SVG_GREY,   /* 11 px, grey */
	SVG_TEXTS
};

/* The document with its style sheet; title is also what screen readers say. */
void svg_begin(FILE *out, const char *title);
void svg_end(FILE *out);

/* A text at x, its baseline at y; cut where it would be wider than `width` (0: as long as it is). */
void svg_text(FILE *out, enum svg_text look, int x, int y, int width, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

/* The same with its middle at x. */
void svg_text_middle(FILE *out, enum svg_text look, int x, int y, int width, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

/* The same, ending at x. */
void svg_text_end(FILE *out, enum svg_text look, int x, int y, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

void svg_rect(FILE *out, const struct svg_box *box);
void svg_line(FILE *out, const char *look, int x1, int y1, int x2, int y2);

/* A group of that class, with a tooltip; `id` may be "". svg_group_end closes it. */
void svg_group(FILE *out, const char *look, const char *id, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void svg_group_end(FILE *out);

/* A cross in the middle of the box: here a walk ends. */
void svg_cross(FILE *out, int x, int y);

#endif
