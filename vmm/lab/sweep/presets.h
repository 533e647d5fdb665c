/*
 * Sweeps with a name: files of presets/, which are in the binary. Each is an axes file (--axes) that begins with comments: a
 * paragraph for a newcomer on what to look at and what to expect.
 */
#ifndef MINIVMM_LAB_SWEEP_PRESETS_H
#define MINIVMM_LAB_SWEEP_PRESETS_H

#include <stddef.h>

struct preset {
	const char *name;
	const char *text; /* all of the file */
};

#define PRESETS 10
extern const struct preset preset_table[PRESETS];

/* The preset of that name, or NULL. */
const struct preset *preset_find(const char *name);

/* All names as "a, b and c", in names[PRESET_NAMES_BYTES], which is returned. */
#define PRESET_NAMES_BYTES 200
const char *preset_names(char *names);

/* The paragraph, without its line breaks, in text[PRESET_TEACHES_BYTES], which is returned. */
#define PRESET_TEACHES_BYTES 1024
const char *preset_teaches(const struct preset *preset, char *text);

/* The lines of options behind it, at most PRESET_AXES_BYTES with the NUL. Borrowed. */
#define PRESET_AXES_BYTES 512
const char *preset_axes(const struct preset *preset);

#endif
