/*
 * What every fuzz target shares: targets that list themselves, bytes taken off the input, a file and a recorded host made
 * of it, and what must hold of anything that was written.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* FUZZ(name) { ... } is a target: it reads data[0..size), and ends the process where a property does not hold. */
#define FUZZ(name)                                                        \
	static void name(const uint8_t *data, size_t size);               \
	__attribute__((constructor)) static void name##_is_a_target(void) \
	{                                                                 \
		fuzz_add(#name, name);                                    \
	}                                                                 \
	static void name(const uint8_t *data, size_t size)

typedef void (*fuzz_function)(const uint8_t *data, size_t size);
void fuzz_add(const char *name, fuzz_function function);

/* The property does not hold: say which, and end the process, so that the input is kept. */
#define FUZZ_CHECK(holds)                                            \
	do {                                                         \
		if (!(holds))                                        \
			fuzz_fail(__FILE__, __LINE__, #holds, NULL); \
	} while (0)
void fuzz_fail(const char *file, int line, const char *property, const char *text) __attribute__((noreturn));

/* What is left of the input. Behind its end it is all zero. */
struct feed {
	const uint8_t *at, *end;
};

#define FEED(data, size)                \
	(struct feed)                   \
	{                               \
		(data), (data) + (size) \
	}

uint8_t feed_byte(struct feed *feed);
uint64_t feed_u64(struct feed *feed);

/* From 0 to below `limit`. */
uint64_t feed_below(struct feed *feed, uint64_t limit);

/* Numbers of every length are equally likely: a byte says how many bits it has. */
uint64_t feed_number(struct feed *feed);

/*
 * The bytes in memory of exactly their size, so that the sanitizer sees a read behind them; with a NUL behind them, as text.
 * The caller frees it.
 */
void *fuzz_copy(const uint8_t *data, size_t size);
char *fuzz_text(const uint8_t *data, size_t size);

/* A file that holds them: its descriptor, at its start, and its path. The same file each time. */
int fuzz_file(const uint8_t *data, size_t size, const char **path);

/*
 * A recorded host made of the input, a path that stays the same. "== PATH" on a line of its own begins a file, "=> PATH
 * TARGET" is a symbolic link; a path with an empty or a dotted part is left out. Of the files of the input before only those
 * that differ are written. *rest: what stands before the first file.
 */
const char *fuzz_root(const uint8_t *data, size_t size, char **rest);

/*
 * WRITE, an expression that returns 0 or -errno, writes to `out`, without an error, text for a terminal, in which no byte
 * commands it, or one document of JSON.
 */
#define FUZZ_TEXT(WRITE) FUZZ_WRITES(WRITE, fuzz_is_text)
#define FUZZ_JSON(WRITE) FUZZ_WRITES(WRITE, fuzz_is_json)
#define FUZZ_WRITES(WRITE, holds)                                           \
	do {                                                                \
		FILE *out = fuzz_output();                                  \
		int ret_ = (WRITE);                                         \
                                                                            \
		fuzz_written(out, ret_, holds, __FILE__, __LINE__, #WRITE); \
	} while (0)
FILE *fuzz_output(void);
void fuzz_written(FILE *out, int ret, bool (*holds)(const char *text, size_t bytes), const char *file,
		  int line, const char *what);
bool fuzz_is_text(const char *text, size_t bytes);
bool fuzz_is_json(const char *text, size_t bytes);

#endif
