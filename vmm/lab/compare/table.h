/*
 * The table of a comparison, for emit_text.c.
 */
#ifndef MINIVMM_LAB_COMPARE_TABLE_H
#define MINIVMM_LAB_COMPARE_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "vmm/lab/compare/compare.h"

#define TABLE_NAME_BYTES (MATRIX_KEY_BYTES + 80)

/* Key, part and stride of a figure in one line. Returns buf, of TABLE_NAME_BYTES. */
const char *table_name(const struct compared *pair, char *buf);

/* The first `rows` figures; `marks`: with a column that says which are marked. 0 or -errno. */
int compared_print(const struct comparison *c, uint32_t rows, bool marks, FILE *out);

#endif
