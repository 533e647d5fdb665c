/*
 * Sweeps with a name: what each teaches, and the options that make it.
 */
#ifndef MINIVMM_CLI_PRESET_H
#define MINIVMM_CLI_PRESET_H

#include <stddef.h>

struct parse;

struct preset {
	const char *name;
	const char *teaches; /* a paragraph for a newcomer: what to look at, what to expect */
	const char *axes;    /* as an --axes file has them */
};

#define PRESETS 10
#define PRESET_NAMES_BYTES 200
/* Of its axes, with the NUL. */
#define PRESET_AXES_BYTES 512
extern const struct preset preset_table[PRESETS];

/* The preset of that name, or NULL. */
const struct preset *preset_find(const char *name);

/* All names as "a, b and c", in names[PRESET_NAMES_BYTES], which is returned. */
const char *preset_names(char *names);

/* Store its options. 0, or -errno with p->e set: the name is none. */
int preset_apply(struct parse *p, const char *name);

#endif
