/*
 * A table of texts that finds its own widths, for reports whose columns are not known beforehand.
 */
#ifndef MINIVMM_OUTPUT_GRID_H
#define MINIVMM_OUTPUT_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define GRID_MAX_COLUMNS 24
#define GRID_CELL_BYTES 48

struct grid {
	uint32_t columns, texts;
	bool left[GRID_MAX_COLUMNS];   /* left-aligned */
	bool hidden[GRID_MAX_COLUMNS]; /* not printed: set by the caller, or grid_hide_constant */
	uint32_t capacity;
	char (*cells)[GRID_CELL_BYTES]; /* owned; row by row, the first row has the titles */
	bool failed;                    /* no memory: grid_print says so */
};

/* An empty table; titles[] of `columns` names, "-name" for a left-aligned column. grid_free releases it. */
void grid_init(struct grid *g, const char *const *titles, uint32_t columns);
void grid_free(struct grid *g);

/* One text more, from left to right and row by row; too long a text is cut. */
void grid_put(struct grid *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Hide `column` where all its rows have the same text, which is then in *text (GRID_CELL_BYTES) for a line above the
 * table; "" and false where they differ or there is no row.
 */
bool grid_hide_constant(struct grid *g, uint32_t column, char *text);

/* Hide columns, in the order of first[] (`count` of them), until a line is no longer than `width`. */
void grid_fit(struct grid *g, const uint32_t *first, uint32_t count, int width);

/* Titles and rows, two blanks between columns, an empty line where `column` changes (-1: nowhere). 0 or -errno. */
int grid_print(const struct grid *g, int group_column, FILE *out);

#endif
