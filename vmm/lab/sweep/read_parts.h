/*
 * Pieces of the reader of minivmm.sweep/1, for the files of matrix/ that read it. What they complain about stands in
 * at->complaint; what they have filled until then, the owner frees.
 */
#ifndef MINIVMM_LAB_SWEEP_READ_PARTS_H
#define MINIVMM_LAB_SWEEP_READ_PARTS_H

#include "vmm/lab/sweep/matrix.h"
#include "vmm/lab/sweep/take.h"

/* A file beyond these is no sweep that anybody ran; refused before memory is taken for it. */
#define READ_MAX_BYTES (UINT64_C(256) << 20)
#define READ_MAX_CELLS 100000
#define READ_MAX_ROWS 65536

/* What a regular file holds, as JSON; the caller lets go of it. NULL with *e set, whose `where` is the path. */
json_t *read_json(const char *path, struct error *e);

/* *run, zeroed before, from the object `at`. */
void take_run(const struct node *at, struct matrix_run *run);

/* m->cells from the member `cells` of the root. */
void take_cells(const struct node *root, struct matrix *m);

/* The member `host`, as host_facts_json writes it; the caller lets go of it. NULL after a complaint. */
json_t *take_host(const struct node *root);

#endif
