/*
 * Prose for people: a label, then words wrapped at the width of the screen; and numbers in prose and tables.
 * A header of its own: most reports have prose and no table.
 */
#ifndef MINIVMM_OUTPUT_PARAGRAPH_H
#define MINIVMM_OUTPUT_PARAGRAPH_H

#include <stddef.h>
#include <stdio.h>

#define SCREEN_COLUMNS 100
#define LABEL_COLUMNS 11

/*
 * Print `label` in a column of its own and the text beside it, wrapped; a word longer than a line is cut into
 * lines. Characters that a terminal would obey become '?'.
 */
void paragraph(FILE *out, const char *label, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * The same for `text` behind `column` (below SCREEN_COLUMNS) columns that the line has already. Ends the line.
 */
void paragraph_wrap(FILE *out, size_t column, const char *text);

/* A measured value into buf[0..size): three or four digits that mean something, never a false precision. */
void format_real(double value, char *buf, size_t size);

#endif
