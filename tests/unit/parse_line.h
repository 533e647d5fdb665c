/*
 * A command line as one text, for tests of the parser.
 */
#ifndef MINIVMM_TESTS_PARSE_LINE_H
#define MINIVMM_TESTS_PARSE_LINE_H

#include <stdio.h>
#include <string.h>

#include "vmm/cli/request.h"

#define PARSE_LINE_ARGS 24

/*
 * Parse "minivmm" and the words of `line`, cut at blanks; "''" stands for an empty word. *r borrows the words until the next
 * call.
 */
static inline int parse_line(const char *line, struct request *r, struct error *e)
{
	static char copy[512];
	static char *argv[PARSE_LINE_ARGS + 1];
	static char program[] = "minivmm", empty[] = "";
	int argc = 1;

	memset(e, 0, sizeof(*e));
	argv[0] = program;
	(void)snprintf(copy, sizeof(copy), "%s", line);
	for (char *save = NULL, *word = strtok_r(copy, " ", &save); word != NULL && argc < PARSE_LINE_ARGS;
	     word = strtok_r(NULL, " ", &save))
		argv[argc++] = strcmp(word, "''") == 0 ? empty : word;
	argv[argc] = NULL;
	return request_parse(argc, argv, r, e);
}

#endif
