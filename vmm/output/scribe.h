/*
 * The process that writes the products of a run whose own process may no longer open or rename files (core/sandbox). It is
 * forked before a guest starts, holds the directories open, and keeps the rights that this process gives up. It takes four
 * orders: write that file, remove that file, run the errand, end. When this process ends, however it does, so does the scribe.
 *
 * While it is there, output_put() has it write the files that it was told of.
 */
#ifndef MINIVMM_OUTPUT_SCRIBE_H
#define MINIVMM_OUTPUT_SCRIBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/util/error.h"

#define SCRIBE_MOST_PATHS 4

struct scribe_spec {
	const char *paths[SCRIBE_MOST_PATHS]; /* borrowed; NULL and "-" are no files */
	void (*errand)(void);                 /* what only root may do; NULL: nothing is */
};

/* Start it, unless there is nothing for it to do. 0 or -errno with *e set. */
int scribe_start(const struct scribe_spec *spec, struct error *e);

/* Whether it writes that file. */
bool scribe_has(const char *path);

/* The same as output_put() and unlink(2) of a file that it has; from any thread. 0 or -errno with *e set. */
int scribe_put(const char *path, const char *data, size_t bytes, struct error *e);
int scribe_remove(const char *path, struct error *e);

/* Have the errand done, and wait for that. False: there is none. */
bool scribe_errand(void);

/* It ends. Safe where there is none. */
void scribe_end(void);

#endif
