/*
 * Values that people write and read as words: each enum's words stand in one table, for whoever parses, prints or reads
 * them back. Names of enums never are NULL: they are bounds-checked.
 */
#ifndef MINIVMM_UTIL_NAMES_H
#define MINIVMM_UTIL_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The place of `name` in names[0..count), or -1. */
int name_find(const char *const *names, size_t count, const char *name);

/* What translates a guest's physical addresses on this host. */
enum second_dimension {
	SECOND_UNKNOWN, /* by KVM, but how is not known */
	SECOND_NONE,    /* there is no KVM here, or, of a native run, no guest */
	SECOND_SHADOW,  /* no second walk: KVM folds both dimensions into one table */
	SECOND_EPT,     /* the CPU walks Intel's EPT */
	SECOND_NPT,     /* the CPU walks AMD's NPT */
	SECOND_COUNT
};

/* "unknown", "none", "shadow", "ept", "npt". */
const char *second_dimension_name(enum second_dimension second);

/* The same back; SECOND_UNKNOWN for NULL and any other word. */
enum second_dimension second_dimension_find(const char *name);

/* Does the CPU itself walk two dimensions? */
static inline bool is_two_dimensional(enum second_dimension second)
{
	return second == SECOND_EPT || second == SECOND_NPT;
}

#endif
