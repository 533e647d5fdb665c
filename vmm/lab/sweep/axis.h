/*
 * The axes of a sweep: one table, which the options, the baseline, the record and the defaults read.
 */
#ifndef MINIVMM_LAB_SWEEP_AXIS_H
#define MINIVMM_LAB_SWEEP_AXIS_H

#include <stddef.h>

#include "vmm/lab/sweep/spec.h"

/* A value as it is spelled; the longest is path:DIRECTORY. */
#define AXIS_ITEM_BYTES 136
/* Of the directory, with its NUL: what a record of a cell has room for. */
#define AXIS_PATH_BYTES 128

struct axis {
	const char *name; /* of the option and of the baseline's part */
	const char *expected;
	size_t count_at; /* offset of the number of values in struct sweep_spec */
	/*
	 * Store the value `item` as number `at`, where it is not among those before. Its number, `at` for a new one, or
	 * -EINVAL: it is no value of this axis. at == AXIS_MAX_VALUES only asks.
	 */
	int (*take)(struct sweep_spec *s, const char *item, uint32_t at);
	/* Value number `at` as the key of a cell spells it, into text[AXIS_ITEM_BYTES]. */
	void (*spell)(const struct sweep_spec *s, uint32_t at, char *text);
};

#define AXES 5
/* In the order of a cell's key. */
extern const struct axis axis_table[AXES];

/* How many values there are. */
uint32_t axis_count(const struct sweep_spec *s, const struct axis *axis);

#endif
