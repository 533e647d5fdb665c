/*
 * The second side of a sweep: each cell A, of this program and the options asked for, has a cell B beside it, of another
 * program, of more options, or of both. They are run in the same rounds, one after the other, in random order.
 */
#ifndef MINIVMM_LAB_SWEEP_VERSUS_H
#define MINIVMM_LAB_SWEEP_VERSUS_H

#include "vmm/lab/sweep/matrix.h"
#include "vmm/lab/sweep/spec.h"
#include "vmm/util/error.h"

/*
 * Fill m->versus with what B is, before the cells are planned; nothing where the sweep has no second side. The binary is
 * asked for its version: it has to write records of the schema that this one reads. 0, or -errno with *e set:
 * STATUS_USAGE for a binary that cannot be run or read.
 */
int versus_prepare(const struct sweep_spec *sweep, struct matrix *m, struct error *e);

/* Whether B's binary is still the one that was asked. 0, or -errno with *e set. */
int versus_check(const struct matrix *m, struct error *e);

/* Make *b, a copy of a planned cell A, its cell B: key and command are its own. 0 or -ENOMEM. */
int versus_cell(const struct matrix *m, struct matrix_cell *b);

#define VERSUS_WORDS_BYTES 512

/* What B is, for people: "build/minivmm (minivmm 0.1.0), --guest-ad on". Returns buf[VERSUS_WORDS_BYTES]. */
const char *versus_words(const struct matrix *m, char *buf);

#endif
