/*
 * The one table of commands: the parser, its messages and the help read it.
 */
#ifndef MINIVMM_CLI_COMMAND_H
#define MINIVMM_CLI_COMMAND_H

#include "vmm/cli/request.h"

struct command_spec {
	const char *name; /* as typed: "run", "pool plan"; also the help topic */
	enum command command;
	unsigned int options; /* FOR_...: the options that apply */
	const char *synopsis; /* behind "minivmm " */
	const char *summary;  /* one line of the program's help */
	const char *purpose;  /* a paragraph of the command's own help, wrapped by hand */
	const char *examples; /* lines, each indented by two */
	const char *statuses; /* the exit statuses, as lines; NULL: those of a run */
};

#define COMMAND_SPECS 9
extern const struct command_spec command_table[COMMAND_SPECS];

/* The row of a command; of run for those that have none (help, version). Never NULL. */
const struct command_spec *command_spec(enum command command);

/* The row of a help topic, or NULL. */
const struct command_spec *command_find(const char *name);

/*
 * The command in front of the options, if there is one, into r->command and r->help_topic (that of --help: NULL where
 * no command is named). *first is where the options start. 0, or -errno with *e a usage error.
 */
int command_choose(int argc, char **argv, struct request *r, int *first, struct error *e);

#endif
