/*
 * The grid of a walk as SVG, with the values that were read: rows are guest entries, columns the second dimension's.
 */
#ifndef MINIVMM_LAB_EXPLAIN_DRAW_H
#define MINIVMM_LAB_EXPLAIN_DRAW_H

#include <stdio.h>

#include "vmm/lab/explain/explanation.h"

/*
 * Draw xs[0], or with count 2 both side by side, what the second has no longer being marked in it. A whole SVG document
 * that needs nothing from outside. 0 or -errno.
 */
int explain_draw(const struct explanation *const xs[], uint32_t count, FILE *out);

#endif
