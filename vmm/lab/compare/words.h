/*
 * Sentences that text and JSON of a comparison share.
 */
#ifndef MINIVMM_LAB_COMPARE_WORDS_H
#define MINIVMM_LAB_COMPARE_WORDS_H

#include "vmm/lab/compare/compare.h"

#define WORDS_BYTES 1024

/* How it was corrected for many comparisons. Returns buf, of WORDS_BYTES. */
const char *words_of_method(const struct comparison *c, char *buf);

/* Why nothing can be marked, whatever differs; "" where something can. Returns buf, of WORDS_BYTES. */
const char *words_of_too_few(const struct comparison *c, char *buf);

#endif
