/*
 * Results into a file, whole or not at all.
 */
#ifndef MINIVMM_OUTPUT_OUTPUT_H
#define MINIVMM_OUTPUT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "vmm/util/error.h"

/* One output on its way: rendered into `stream`, which is memory, and written by output_close. */
struct output {
	FILE *stream;
	const char *path; /* borrowed; "-": stdout */
	char *data;
	size_t bytes;
};

/* 0, or -errno with *e set; then there is nothing to close. */
int output_open(struct output *o, const char *path, struct error *e);

/*
 * Write what was rendered, unless `rendered` (0 or -errno of who rendered it) says that it is not whole: to a
 * temporary file beside the place, then rename; devices and pipes are written in place. Frees all. 0 or -errno with
 * an error that names the path.
 */
int output_close(struct output *o, int rendered, struct error *e);

/* Flush what was written to `stream`. 0, or -errno where this or anything written before failed. */
int stream_finish(FILE *stream);

/* Devices, pipes and the like, and names of files that are open already: they are written in place, never replaced. */
bool output_is_direct(const char *path);

/* Whether output_close could write to `path`, asked beforehand; makes nothing. 0 or -errno with the same errors. */
int output_check(const char *path, struct error *e);

#endif
