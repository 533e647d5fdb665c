/*
 * A help text while it is built.
 */
#ifndef MINIVMM_CLI_HELP_PAGE_H
#define MINIVMM_CLI_HELP_PAGE_H

#include <stddef.h>

#define HELP_BYTES 32768
#define HELP_WIDTH 100

struct page {
	char text[HELP_BYTES];
	size_t used;
};

/* Append; what does not fit is cut. */
void page_add(struct page *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Append `label` behind `indent` blanks, then the words of `text` from `column` on, wrapped at HELP_WIDTH columns.
 * indent and label leave a blank before `column`.
 */
void page_wrap(struct page *h, size_t indent, const char *label, size_t column, const char *text);

/* The workloads, from their table; help_workload.c. */
void help_workload(struct page *h);

/* The presets, from theirs; help_preset.c. */
void help_preset(struct page *h);

#endif
