/*
 * What the writers of an explanation share. words_* write into a buffer of WORDS_BYTES of the caller's and return it, or
 * return a constant string. svg_* are the picture: the few elements it is made of, where its boxes lie, and its pieces.
 */
#ifndef MINIVMM_LAB_EXPLAIN_WRITE_H
#define MINIVMM_LAB_EXPLAIN_WRITE_H

#include "vmm/lab/explain/explanation.h"

#define WORDS_BYTES 256

/* "EPT", "NPT"; "host" for others. Never NULL. */
const char *words_second_dimension(const struct explanation *x);

/* "4K", "1G"; "?" for 0. */
const char *words_size(uint64_t bytes, char *buf);

/*
 * "P RW US A D PS G NX": those that are set and mean something at that level; "P=0" where nothing else
 * counts.
 */
const char *words_flags(const struct page_walk_step *step, char *buf);

/* What became different in entry number `step` from moment to moment: "+A read, +D write"; "" for nothing. */
const char *words_changes(const struct explanation *x, uint32_t step, char *buf);

/* "(4+1)(4+1)-1 = 24", or the sum where host leaves differ; "" where the count is not known. */
const char *words_formula(const struct explanation *x, char *buf);

/* "#PF at the PDE: not present (P=0)"; "" for none. */
const char *words_fault(const struct explanation *x, char *buf);

/* "#PF: not present"; "" for none. */
const char *words_fault_short(const struct explanation *x, char *buf);

/* "4K", or "4K (tables), 2M (data)": what the host's pages are; "not known". */
const char *words_host_pages(const struct explanation *x, char *buf);

/* "4K/4K: slot 2, hva - gpa = 4K modulo 2M": the window of twin, and its slot's shift as found; "" where there is none. */
const char *words_window(const struct explanation *x, char *buf);

/* Columns of the text before what a line says: the numbers of references, and how it is known. */
#define TEXT_REFS_COLUMNS 7
#define TEXT_LEFT_COLUMNS 16

/*
 * The walk at the last moment, one paragraph a row of the grid, then how it ends. With shadow paging the
 * CPU's walk, and what KVM reads to build its table.
 */
void explain_put_walk(const struct explanation *x, FILE *out);

/*
 * Coordinates are in pixels of a canvas 1280 wide. Texts are ASCII: all else becomes '?', and what XML would obey is
 * escaped.
 */
#define SVG_WIDTH 1280
#define SVG_HEIGHT 720

struct svg_box {
	int x, y, width, height;
};

/* How a text looks: each is a class of the style sheet. */
enum svg_look {
	SVG_TITLE,  /* 20 px, bold */
	SVG_HEAD,   /* 14 px, bold */
	SVG_NUMBER, /* 14 px, bold: the number of a reference, and nothing else */
	SVG_LABEL,  /* 12 px */
	SVG_SMALL,  /* 11 px */
	SVG_STRONG, /* 11 px, bold */
	SVG_VALUE,  /* 12 px, fixed pitch */
	SVG_CODE,   /* 11 px, fixed pitch */
	SVG_GREY,   /* 11 px, grey */
	SVG_LOOKS,
};

/* Added to a look: the text has its middle or its end at x; without them it begins there. */
#define SVG_MIDDLE 0x100u
#define SVG_END 0x200u

/* Begin the document with its style sheet; title is also what screen readers say. */
void svg_begin(FILE *out, const char *title);

/* A text at x, its baseline at y; cut where it would be wider than `width` (0: as long as it is). */
void svg_text(FILE *out, uint32_t look, int x, int y, int width, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

void svg_rect(FILE *out, const struct svg_box *box);
void svg_line(FILE *out, const char *look, int x1, int y1, int x2, int y2);

/* A group of that class, with a tooltip; `id` may be "". svg_group_end closes it. */
void svg_group(FILE *out, const char *look, const char *id, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void svg_group_end(FILE *out);

/* A cross with its middle at x, y: here a walk ends. */
void svg_cross(FILE *out, int x, int y);

/*
 * Where the boxes of a grid are. Rows are the guest's levels from the root on, then the data. Columns are the
 * host's levels from its root on, then the guest's entry.
 */
struct svg_layout {
	struct svg_box area;
	uint32_t rows, columns; /* with the data's row; host columns only, may be 0 */
	bool narrow;            /* half a canvas: texts are shorter */
	int label_width;        /* left of it all: what a row is */
	int lane_x;             /* where the path comes down to the next row */
	int host_x, host_pitch, host_width;
	int guest_x, guest_width;
	int first_y, row_pitch, box_height;
	int caption_x, caption_width; /* of the text below a row: where its entry or data lies */
};

/* Pixels below a row's boxes. */
enum svg_below {
	SVG_DETOUR = 6,    /* the path passes here beneath boxes that are skipped */
	SVG_CAPTION = 19,  /* baseline of the row's caption */
	SVG_WAY_DOWN = 26, /* the path goes back to the lane here */
};

void svg_layout_make(struct svg_layout *l, const struct svg_box *area, uint32_t guest_levels,
		     uint32_t host_levels);
struct svg_box svg_host_box(const struct svg_layout *l, uint32_t row, uint32_t column);
struct svg_box svg_guest_box(const struct svg_layout *l, uint32_t row);

/* Middle of a row's boxes, and a line below them. */
int svg_middle_y(const struct svg_layout *l, uint32_t row);
int svg_below_y(const struct svg_layout *l, uint32_t row, enum svg_below below);

/* Baseline of the first (0) to fourth (3) line of text in a box. */
int svg_line_y(const struct svg_box *box, int line);

/* One walk in a picture that may hold two. */
struct svg_walk {
	const struct explanation *x;
	const struct explanation *before; /* the picture's first walk, if this is the second; or NULL */
	uint32_t number;                  /* 1 or 2: its ids begin with "w1-" or "w2-" */
};

/*
 * The guest's level of a row, 0 for the data; and likewise the row of a level. Rows count from the root on, as the steps of
 * the walk do: step `row` read the guest's entry there.
 */
static inline uint32_t svg_level(const struct svg_walk *w, uint32_t row)
{
	return w->x->mode.levels - row;
}

#define SVG_ID_BYTES 32

/* "w1-ref-7", written into id; "" for NULL. Returns id. */
const char *svg_reference_id(const struct svg_walk *w, const struct explain_reference *one, char *id);

/*
 * "gpa G -> slot N, hva V -> hpa H (4K page)", into WORDS_BYTES of text. Narrow: without slot and hva. In
 * short: also without the reason why there is no hpa.
 */
void svg_place_words(const struct explain_place *place, bool narrow, bool in_short, char *text);

/* Number, name, value, flags and changes of one guest entry, into its box. */
void svg_put_entry(const struct svg_walk *w, uint32_t step, const struct svg_box *box, bool numbered,
		   FILE *out);

/*
 * A box that is not walked: look is "skipped", "unreached" or "unknown", why is "" or the reason. A skipped
 * box is struck through where the first walk has a reference there.
 */
void svg_put_unused(const struct svg_walk *w, const char *look, enum walk_dimension dimension, uint32_t row,
		    uint32_t level, const struct svg_box *box, const char *why, FILE *out);

/* Where the data lies, or what there is in its place. */
void svg_put_data(const struct svg_walk *w, const struct svg_box *box, FILE *out);

/* The grid of both dimensions, or without a second one the guest's entries alone. */
void svg_put_grid(const struct svg_walk *w, const struct svg_box *area, FILE *out);

/* Shadow paging: the walk of the CPU, and beside it what KVM reads to build its table. */
void svg_put_shadow(const struct svg_walk *w, const struct svg_box *area, FILE *out);

#endif
