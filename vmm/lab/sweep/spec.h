/*
 * What can be asked of a sweep beyond what a run takes: an axis is a list of values, the sweep is their product. One table of
 * the axes serves options, baseline, keys, tables and the record.
 */
#ifndef MINIVMM_LAB_SWEEP_SPEC_H
#define MINIVMM_LAB_SWEEP_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/core/spec.h"

#define AXIS_MAX_VALUES 16
/* Allocations of a cell; files with more are refused. */
#define SWEEP_MAX_ROUNDS 100
/* Of a directory, with its NUL: what a record of a cell can hold. */
#define AXIS_PATH_BYTES 128
/* Of a value as it is spelled; the longest is path:DIRECTORY. */
#define AXIS_ITEM_BYTES 136

/* In the order of a cell's key. */
enum axis_id { AXIS_GUEST_PAGE, AXIS_BACKING, AXIS_PREALLOC, AXIS_SMP, AXIS_IRQCHIP, AXES };

/* One value of an axis; members that the axis does not use are 0. */
struct axis_value {
	/*
	 * Bytes of the guest's page (0: native) or of the backing's (0: a path's file system says), vCPUs, enum populate or
	 * enum choice.
	 */
	uint64_t number;
	enum backing_kind backing;
	char path[AXIS_PATH_BYTES]; /* of path:DIRECTORY; "" else */
};

struct axis_values {
	uint32_t count;
	struct axis_value list[AXIS_MAX_VALUES];
};

struct axis {
	const char *name;     /* of the option, in a cell's key and in a baseline */
	const char *words;    /* in the line above a table */
	const char *expected; /* for a refusal */
};

extern const struct axis axis_table[AXES];

/* Read one item of an option's list into *value. 0, or -EINVAL: not a value of that axis. "native" is not: it is an option. */
int axis_parse(enum axis_id id, const char *item, struct axis_value *value);

/* As the key of a cell spells it, into text[AXIS_ITEM_BYTES], which is returned. */
const char *axis_spell(enum axis_id id, const struct axis_value *value, char *text);

/* The place of the same value in the list, or -1. */
int axis_index(const struct axis_values *values, const struct axis_value *value);

/*
 * Workloads and working sets are the lists of struct work_spec. The parser has filled in the defaults: no axis is
 * empty. Strings live until the next command line is parsed.
 */
struct sweep_spec {
	const char *preset;            /* NULL: none */
	const char *file;              /* --axes FILE; NULL: none */
	struct axis_values axes[AXES]; /* with the native "guest page", where it is asked for */
	bool native;                   /* native cells beside those of guests */
	bool memory_given;             /* else each cell has as little as its working set needs */
	uint32_t set_pages;   /* of the backing, that a cell's working set has at least; 0: as asked */
	uint32_t allocations; /* rounds */
	uint32_t retries;     /* of a disturbed run */
	/*
	 * "guest-page=4K,backing=anon": each part as a cell's key spells it, in the key's order; but kernel-irqchip=default
	 * is named, which a key leaves out. NULL: the first value of these two axes.
	 */
	const char *baseline;
	const char *versus;         /* B's program; NULL: this one */
	const char *versus_options; /* B's options beside those of A, cut at blanks; NULL: none */
	bool plan_given; /* anything that says what runs: --resume alone takes that from the journal */
	bool allocations_given, retries_given;
	bool resume;
};

/*
 * Sweeps with a name: files of presets/, which are in the binary. Each is an axes file (--axes) that begins with comments: a
 * paragraph for a newcomer on what to look at and what to expect.
 */
struct preset {
	const char *name;
	const char *text; /* all of the file */
};

#define PRESETS 13
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
