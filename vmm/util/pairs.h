/*
 * Lines of "name = value  # comment": what CPU descriptions and axes files are made of. Nothing is copied and any byte
 * may be in the text: a span is a piece of it.
 */
#ifndef MINIVMM_UTIL_PAIRS_H
#define MINIVMM_UTIL_PAIRS_H

#include <stdbool.h>
#include <stddef.h>

struct span {
	const char *start, *end;
};

bool span_is_empty(struct span s);
bool span_is(struct span s, const char *word);

/* Whether the byte is in it. */
bool span_has(struct span s, char c);

/* Without blanks, tabs and carriage returns at both ends. */
struct span span_trim(struct span s);

/* What stands before the first `c`, trimmed, and in *rest what follows it; all of it and nothing where there is no c. */
struct span span_cut(struct span s, char c, struct span *rest);

/* Copy, cut to `bytes` with the NUL; what a terminal would obey becomes '?'. Returns `to`. */
char *span_copy(struct span s, char *to, size_t bytes);

enum pair_form {
	PAIR_STRICT, /* only '=' ends a name; every '#' begins a comment */
	PAIR_WORDS, /* a blank ends a name too; '#' begins a comment at the start of the line or behind a blank */
};

struct pair {
	struct span line;    /* all of it, without its newline */
	struct span text;    /* without the comment, trimmed; empty: the line says nothing */
	struct span name;    /* trimmed, as value and comment */
	struct span value;   /* empty where there is none */
	struct span comment; /* behind the '#' */
	bool equals;         /* there is a '=' between name and value */
};

/* Cut the next line off *rest. False: there was none. */
bool pair_next(struct span *rest, enum pair_form form, struct pair *pair);

#endif
