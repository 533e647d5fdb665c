/*
 * The axes of a sweep on the command line and in an axes file.
 */
#ifndef MINIVMM_CLI_AXES_H
#define MINIVMM_CLI_AXES_H

#include <stddef.h>

#include "vmm/cli/options.h"
#include "vmm/lab/sweep/axis.h"

/* The defaults of axes without a value, and what was given. */
void axes_complete(struct parse *p);

/* Check --baseline against the values of the axes, and spell it as struct sweep_spec says. 0, or -errno with p->e set. */
int baseline_check(struct parse *p);

/*
 * Store the lines of an axes file: "name = value", "name value", or the name of a flag; '#' at the start of a line or
 * behind a blank begins a comment. text[text_bytes] is NUL and is cut up; values stay in it. Pure. 0, or -errno with p->e
 * a usage error at "name:LINE".
 */
int axes_parse_text(struct parse *p, const char *name, char *text, size_t text_bytes);

#define AXES_FILE_BYTES 65536

#endif
