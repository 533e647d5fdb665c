/*
 * The axes of a sweep: one table, which the options, the baseline and the defaults read.
 */
#ifndef MINIVMM_CLI_AXES_H
#define MINIVMM_CLI_AXES_H

#include <stddef.h>

#include "vmm/cli/options.h"

/* A value as it is spelled; the longest is path:DIRECTORY. */
#define AXIS_ITEM_BYTES 136
/* Of the directory, with its NUL: what a record of a cell has room for. */
#define AXIS_PATH_BYTES 128

struct axis {
	const char *name; /* of the option and of the baseline's part */
	const char *expected;
	size_t count_at; /* offset of the number of values in struct sweep_request */
	/*
	 * Store the value `item` as number `at`, where it is not among those before. Its number, `at` for a new one, or
	 * -EINVAL: it is no value of this axis. at == AXIS_MAX_VALUES only asks.
	 */
	int (*take)(struct sweep_request *s, const char *item, uint32_t at);
	/* Value number `at` as the key of a cell spells it, into text[AXIS_ITEM_BYTES]. */
	void (*spell)(const struct sweep_request *s, uint32_t at, char *text);
};

#define AXES 5
/* In the order of a cell's key. */
extern const struct axis axis_table[AXES];

/* How many values there are. */
uint32_t axis_count(const struct sweep_request *s, const struct axis *axis);

/* The defaults of axes without a value, and what was given. */
void axes_complete(struct parse *p);

/* Check --baseline against the values of the axes, and spell it as struct sweep_request says. 0, or -errno with p->e set. */
int baseline_check(struct parse *p);

/*
 * Store the lines of an axes file: "name = value", "name value", or the name of a flag; '#' at the start of a line or
 * behind a blank begins a comment. text[text_bytes] is NUL and is cut up; values stay in it. Pure. 0, or -errno with p->e
 * a usage error at "name:LINE".
 */
int axes_parse_text(struct parse *p, const char *name, char *text, size_t text_bytes);

#define AXES_FILE_BYTES 65536

#endif
