/*
 * The products of a command: text on a stream, files whole or not at all.
 */
#ifndef MINIVMM_OUTPUT_OUTPUT_H
#define MINIVMM_OUTPUT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "vmm/util/destination.h"
#include "vmm/util/error.h"

/*
 * Write data[0..bytes) to `path` ("-": stdout): to a temporary file beside the place, which is then renamed;
 * devices and pipes are written in place. 0, or -errno with *e naming the path.
 */
int output_put(const char *path, const char *data, size_t bytes, struct error *e);

/* Both halves of it: where `path` leads, held open (*p is to be closed), and the writing, which looks again what is there. */
int output_open(const char *path, struct destination *p, struct error *e);
int output_put_at(struct destination *p, const char *path, const char *data, size_t bytes, struct error *e);

/* The same for what `write` makes of `product`; nothing is written where that fails. */
int output_file(const char *path, int (*write)(const void *product, FILE *out), const void *product,
		struct error *e);

/* Whether `path` is written in place and never replaced: a device, a pipe, the name of a file that is open. */
bool output_is_direct(const char *path);

/* The error that output_put would give for `path`, asked beforehand; makes no file. 0 or -errno. */
int output_check(const char *path, struct error *e);

/* Flush what was written to `stream`. 0, or -errno where this or anything written before failed. */
int stream_finish(FILE *stream);

/* Where the products of a command go. Paths are borrowed. */
struct output_paths {
	const char *json, *csv, *svg; /* NULL: not asked for; "-": stdout */
	bool quiet;                   /* no text */
};

/*
 * What makes each product of a command; NULL where it has none of that kind. A writer returns 0 or -errno. The
 * caller finds errors of `out` itself.
 */
struct output_writers {
	int (*text)(const void *product, FILE *out);
	int (*json)(const void *product, FILE *out);
	int (*csv)(const void *product, FILE *out);
	int (*svg)(const void *product, FILE *out);
};

/* A writer for a product of one type: OUTPUT_WRITER(csv, const struct matrix *m, matrix_csv(m, out)) */
#define OUTPUT_WRITER(id, declaration, call)          \
	static int id(const void *product, FILE *out) \
	{                                             \
		declaration = product;                \
		return call;                          \
	}

/* Whether all files can be written, asked before hours of measuring. 0, or -errno with *e set. */
int outputs_check(const struct output_paths *paths, struct error *e);

/* Text goes to stdout unless a file's content goes there; then to stderr. */
FILE *outputs_text_stream(const struct output_paths *paths);

#define OUTPUT_TEXT 1
#define OUTPUT_JSON 2
#define OUTPUT_CSV 4
#define OUTPUT_SVG 8

/*
 * Write all products, each for itself: a full disk under one must not cost the others. Returns 0, or the bits
 * OUTPUT_... of what was not written; *e is the first error. `command` stands in an error of the text; NULL:
 * the stream's name does.
 */
int outputs_write(const struct output_paths *paths, const struct output_writers *writers, const void *product,
		  const char *command, struct error *e);

#endif
