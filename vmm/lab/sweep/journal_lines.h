/*
 * The lines of a journal, written and read: for journal.c and the command alone.
 */
#ifndef MINIVMM_LAB_SWEEP_JOURNAL_LINES_H
#define MINIVMM_LAB_SWEEP_JOURNAL_LINES_H

#include "vmm/lab/sweep/journal.h"

/* New references; NULL: no memory. */
json_t *journal_header(const struct matrix *m);
json_t *journal_line(const struct matrix_cell *cell, uint32_t round);
json_t *journal_resumed(void);

/*
 * Bring the rounds of the journal into the cells of *m. *bytes: of its whole lines. 0, or -errno with *e set: of another
 * plan or host, or a line that is none.
 */
int journal_restore(int fd, struct matrix *m, int64_t *bytes, struct error *e);

/*
 * How many rounds it holds; an empty file has none. 0, or -errno where that cannot be known: too large, or -EINVAL for what
 * does not begin as a journal, of whatever version, does.
 */
int journal_count(int fd, uint32_t *rounds);

/* The command in its header: a new reference. 0 or -errno. */
int journal_header_words(int fd, json_t **words);

#endif
