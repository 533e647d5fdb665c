/*
 * The one table of options: the parser, the checks and the help text all read it.
 */
#ifndef MINIVMM_CLI_OPTIONS_H
#define MINIVMM_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "vmm/cli/request.h"
#include "vmm/lab/sweep/spec.h"
#include "vmm/util/names.h"

#define FOR_RUN 1U
#define FOR_NATIVE 2U
#define FOR_BOTH (FOR_RUN | FOR_NATIVE)
#define FOR_CHECK 4U
#define FOR_POOL 8U
#define FOR_POOL_PLAN 16U
#define FOR_SWEEP 32U
#define FOR_COMPARE 64U
#define FOR_MODEL 128U
#define FOR_EXPLAIN 256U
#define FOR_OBSERVE 8192U
#define FOR_ADVISE 16384U
/* It may also stand in an --axes file or a preset: it says what is measured, not where to write it. */
#define IN_AXES 512U
/*
 * What --resume does with an option of a sweep. IN_PLAN: it takes the place of the interrupted sweep's command line.
 * BESIDE_PLAN: it is added to that line. OF_THIS_CALL: that line's has no say, whether it is given now or not.
 */
#define IN_PLAN 1024U
#define BESIDE_PLAN 2048U
#define OF_THIS_CALL 4096U
#define SWEEP_CLASSES (IN_PLAN | BESIDE_PLAN | OF_THIS_CALL)
#define FOR_AXES (FOR_SWEEP | IN_AXES | IN_PLAN)
/* Those that boot our guest, once, and those that have memory of their own. */
#define FOR_GUEST (FOR_RUN | FOR_EXPLAIN)
#define FOR_MEMORY (FOR_BOTH | FOR_EXPLAIN)
#define FOR_HOST (FOR_CHECK | FOR_POOL | FOR_POOL_PLAN)
#define FOR_ALL \
	(FOR_BOTH | FOR_HOST | FOR_SWEEP | FOR_COMPARE | FOR_MODEL | FOR_EXPLAIN | FOR_OBSERVE | FOR_ADVISE)

/* One argv while it is parsed. */
struct parse {
	struct request *r;
	struct error *e;
	const struct option_spec *option; /* the one at hand */
	bool done;                        /* --help, --version: what follows is not looked at */
};

/* A row of options.def. */
struct option_spec {
	const char *name;
	const char *alias; /* a second long name, or NULL */
	char letter;       /* short form, or 0 */
	const char *arg;   /* name of the argument in the help, NULL: takes none */
	unsigned int bits; /* FOR_..., IN_AXES and one of SWEEP_CLASSES */
	const char *help;  /* for the help text: one sentence, the default in it; lines cut at '\n' */
	/* What the argument "help" asks for; COMMAND_RUN: it has no meaning of its own. */
	enum command help_command;
	/* Store value (NULL where arg is NULL). 0, or -errno with p->e set. */
	int (*parse)(struct parse *p, const char *value);
	/* Parameters of the kinds of option; 0 where the kind has no use for them. */
	size_t at, bytes;          /* the member of struct request */
	uint64_t min, max;         /* of a number or a word's value; min: what is stored */
	const struct names *words; /* of an enum */
	const char *expected;      /* the sentence of the refusal */
};

/* Indexed by enum option_id. */
extern const struct option_spec option_table[OPTION_COUNT];

/* The row of that long name or alias among those with one of these bits, or -1. */
int option_find(const char *name, unsigned int bits);

/* Note that the option is given, and store its value. 0, or -errno with p->e set. */
int option_parse(struct parse *p, int id, const char *value);

/* Of the options of *given, a sweep with --resume, into *r, the interrupted one's: those that are not IN_PLAN. */
void options_carry(const struct request *given, struct request *r);

/* STATUS_USAGE for the option at hand: "--name value: what is accepted". Returns -errno. */
int refuse_value(struct parse *p, const char *value, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* STATUS_USAGE: p->option is of another command; where that one has a name for the same, it is the hint. -errno. */
int refuse_option(struct parse *p, const char *where);

/*
 * request_parse with the text of the --axes file, which may be cut up and has to outlive *r; NULL: not read yet, then
 * what depends on it is not checked.
 */
int request_assemble(int argc, char **argv, char *text, size_t text_bytes, struct request *r,
		     struct error *e);

/* Options that contradict each other, once all are known. 0, or -errno with p->e set. */
int options_check(struct parse *p);

/* The defaults of axes without a value, and what was given. */
void axes_complete(struct parse *p);

/*
 * Check --versus-options: options of a run or of native that leave the cell what it is. 0, or -errno with p->e set.
 */
int versus_options_check(struct parse *p);

/* Check --baseline against the values of the axes, and spell it as struct sweep_spec says. 0, or -errno with p->e set. */
int baseline_check(struct parse *p);

/*
 * Store the lines of an axes file: "name = value", "name value", or the name of a flag; '#' at the start of a line or
 * behind a blank begins a comment. text[text_bytes] is NUL and is cut up; values stay in it. Pure. 0, or -errno with p->e
 * a usage error at "name:LINE".
 */
int axes_parse_text(struct parse *p, const char *name, char *text, size_t text_bytes);

/* Store the options of a preset. 0, or -errno with p->e set: unknown preset. */
int preset_apply(struct parse *p, const char *name);

#define AXES_FILE_BYTES 65536

/* The kinds of options.def, in values.c. */
int set_fixed(struct parse *p, const char *value); /* FLAG, SET */
int set_text(struct parse *p, const char *value);
int set_number(struct parse *p, const char *value);
int set_word(struct parse *p, const char *value);
int set_size(struct parse *p, const char *value);
int set_page(struct parse *p, const char *value);
int set_end(struct parse *p, const char *value);

/* Its functions, in values_run.c and values_sweep.c. */
int set_prealloc(struct parse *p, const char *value);
int set_host_nodes(struct parse *p, const char *value);
int set_label(struct parse *p, const char *value);
int set_smp(struct parse *p, const char *value);
int set_pin(struct parse *p, const char *value);
int set_workload(struct parse *p, const char *value);
int set_working_set(struct parse *p, const char *value);
int set_chains(struct parse *p, const char *value);
int set_pmu(struct parse *p, const char *value);
int set_fault_cost(struct parse *p, const char *value);
int set_gva(struct parse *p, const char *value);
int set_window(struct parse *p, const char *value);
int set_before_after(struct parse *p, const char *value);
int set_axis(struct parse *p, const char *value); /* the list of the axis that has the option's name */
int set_sweep_workload(struct parse *p, const char *value);
int set_sweep_sets(struct parse *p, const char *value);
int set_preset(struct parse *p, const char *value);
int set_threshold(struct parse *p, const char *value);

/* A decimal number within the option's min and max, refused with that range. */
int parse_number(struct parse *p, const char *value, uint64_t *number);

#endif
