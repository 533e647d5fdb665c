/*
 * What a sweep has so far, a line a finished round of a cell, beside the file that it will write: FILE.journal. It outlives
 * a sweep that is killed, and --resume goes on from it; a sweep that ends removes it. Schema minivmm.sweep-journal/2.
 */
#ifndef MINIVMM_LAB_SWEEP_JOURNAL_H
#define MINIVMM_LAB_SWEEP_JOURNAL_H

#include <stdbool.h>
#include <stdio.h>

#include "vmm/lab/sweep/matrix.h"
#include "vmm/util/error.h"

#define JOURNAL_SCHEMA "minivmm.sweep-journal/1"

struct journal {
	int fd;        /* -1: none is kept */
	char *path;    /* owned */
	int64_t bytes; /* whole lines so far */
};

/*
 * Begin or go on. `json_path` is the sweep's file; where that is NULL, stdout or a device, none is kept. *m is planned.
 *
 * resume false: one that is there already and holds rounds is refused, so that no work is lost. resume true: its
 * rounds go into the cells of *m; it has to be of the same plan (sweep_plan_digest) and of the same kernel, CPU and KVM
 * module. A last line that was cut by a kill is dropped. Another sweep that writes it is refused (flock).
 * 0, or -errno with *e set; then nothing is open.
 */
int journal_open(const char *json_path, bool resume, struct matrix *m, struct journal *j, struct error *e);

/*
 * One round of a cell: its run, if it has one of that round, or its state and reason. On a full disk the line is taken back
 * whole. 0, or -errno with *e set.
 */
int journal_add(struct journal *j, const struct matrix_cell *cell, uint32_t round, struct error *e);

/*
 * Close; remove it where the sweep is complete, and where nothing is in it. Is it still there, so that --resume
 * can go on with it? Safe where none is kept. *e, where it is none yet: it could not be removed.
 */
bool journal_close(struct journal *j, bool complete, struct error *e);

/* The name of the journal of that file, from malloc; NULL: no memory. */
char *journal_path(const char *json_path);

/* The words of the command that began a journal: a new reference, or NULL with *e set. */
json_t *journal_command(const char *json_path, struct error *e);

/* The lines of a journal, for the files that write and read it. New references; NULL: no memory. */
json_t *journal_header(const struct matrix *m);
json_t *journal_line(const struct matrix_cell *cell, uint32_t round);
json_t *journal_resumed(void);

/*
 * Bring the rounds of the journal into the cells of *m. *bytes: of its whole lines. 0, or -errno with *e set: of another
 * plan or host, or a line that is not a valid entry.
 */
int journal_restore(int fd, struct matrix *m, int64_t *bytes, struct error *e);

/*
 * How many rounds it holds; an empty file has none. 0, or -errno where that cannot be known: too large, or -EOPNOTSUPP for what
 * does not begin as a journal, of whatever version, does.
 */
int journal_count(int fd, uint32_t *rounds);

/* The command in its header: a new reference. 0, -EOPNOTSUPP: of no such header, or -errno. */
int journal_header_words(int fd, json_t **words);

#endif
