/*
 * The words of enums: one table an enum, to parse, to print and to read back.
 */
#ifndef MINIVMM_UTIL_NAMES_H
#define MINIVMM_UTIL_NAMES_H

#include <stdbool.h>
#include <stdint.h>

/* Known to be so, known not to be so, or not to be found out here: never guessed. */
enum known { KNOWN_UNKNOWN, KNOWN_NO, KNOWN_YES };

/* Words by value, from 0. */
struct names {
	const char *const *words;
	uint32_t count;
};

#define NAMES_OF(...)                                                                 \
	{                                                                             \
		(const char *const[]){ __VA_ARGS__ },                                 \
			sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *) \
	}

/* The word of a value; "unknown" for a value that has none, never NULL. */
const char *name_of(const struct names *names, unsigned int value);

/* The value of a word, or -1. */
int name_find(const struct names *names, const char *word);

/* What translates a guest's physical addresses on this host. */
enum second_dimension {
	SECOND_UNKNOWN, /* by KVM, but how is not known */
	SECOND_NONE,    /* there is no KVM here, or, of a native run, no guest */
	SECOND_SHADOW,  /* no second walk: KVM folds both dimensions into one table */
	SECOND_EPT,     /* the CPU walks Intel's EPT */
	SECOND_NPT,     /* the CPU walks AMD's NPT */
};

/* "unknown", "none", "shadow", "ept" or "npt". */
extern const struct names second_dimension_names;
const char *second_dimension_name(enum second_dimension second);

/* And back; SECOND_UNKNOWN for NULL and any other word. */
enum second_dimension second_dimension_find(const char *name);

/* Does the CPU itself walk two dimensions? */
static inline bool is_two_dimensional(enum second_dimension second)
{
	return second == SECOND_EPT || second == SECOND_NPT;
}

#endif
