/*
 * What the user asked for, as plain values: the output of argv parsing, the input of planning.
 */
#ifndef MINIVMM_CLI_REQUEST_H
#define MINIVMM_CLI_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "vmm/lab/explain/spec.h"
#include "vmm/lab/observe/observation.h"
#include "vmm/lab/spec.h"
#include "vmm/lab/sweep/spec.h"
#include "vmm/theory/spec.h"
#include "vmm/output/output.h"
#include "vmm/util/error.h"

enum command {
	COMMAND_RUN,
	COMMAND_NATIVE,
	COMMAND_CHECK,
	COMMAND_POOL, /* show */
	COMMAND_POOL_PLAN,
	COMMAND_SWEEP,
	COMMAND_COMPARE,
	COMMAND_MODEL,
	COMMAND_EXPLAIN,
	COMMAND_OBSERVE,
	COMMAND_ADVISE,
	COMMAND_PRESET_HELP, /* the presets and what each teaches */
	COMMAND_HELP,        /* text already chosen by the parser: see help_topic */
	COMMAND_VERSION,
	COMMAND_PMU_HELP, /* needs libpfm4, so the text is not the parser's */
	COMMAND_CPU_HELP, /* needs the descriptions of CPUs */
};

/* See options.def. */
enum option_id {
#define OPTION(id, ...) OPTION_##id,
#include "vmm/cli/options.def"
#undef OPTION
	OPTION_COUNT
};

/* compare: what differs, and from how much on it matters. */
struct compare_spec {
	const char *paths[2];
	double threshold; /* smallest relative difference of interest, 0.01 is 1 % */
};

/* When the program began, where it prints, how it prints an error. */
struct program {
	uint64_t start_ns;
	FILE *out, *err;
	void (*print_error)(const struct error *e);
};

struct request {
	enum command command;
	/* COMMAND_HELP: NULL for the program, a command's name ("pool plan"), "workload" or "preset". */
	const char *help_topic;
	int argc; /* as given, for the record */
	char **argv;
	bool given[OPTION_COUNT]; /* by enum option_id */

	struct run_spec run;

	struct output_paths output;
	const char *dump_fdt_path;
	bool dump_config;
	const char *require; /* check, observe: the list, NULL: nothing is required */
	bool tap;
	const char *root;  /* check, pool, observe: the host recorded below this directory; NULL: this host */
	bool from_running; /* advise */
	bool verbose, progress;
	struct program program; /* main.c's, set once the rest is parsed */
	struct sweep_spec sweep;
	struct compare_spec compare;
	struct model_spec model;
	struct explain_spec explain;
	struct observe_spec observe;
};

/*
 * Parse argv (GNU style, plus QEMU's single-dash spellings). Pure but for getopt's state: no file is touched.
 * 0 and *r complete; or -errno with e->status STATUS_USAGE naming the option, the value and what is accepted.
 */
int request_parse(int argc, char **argv, struct request *r, struct error *e);

/*
 * Of a sweep with --axes FILE, whose request is complete only then: read r->sweep.file and parse all again, the preset
 * below the file below the command line. Without a file nothing is done. 0, or -errno with *e set: STATUS_USAGE with
 * "FILE:LINE" and what is accepted there, or what a file without this one would be refused for.
 */
int request_read_axes(struct request *r, struct error *e);

/* Of a sweep: whether anything says what is measured. If not, --resume takes that from the interrupted one. */
bool request_has_plan(const struct request *r);

/* Help text of a topic (see help_topic), as one string that lives until the next call. Never NULL. */
const char *request_help(const char *topic);

#endif
