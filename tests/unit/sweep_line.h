/*
 * Command lines of sweep and compare, cut at blanks; and what a refusal says, in one text.
 */
#ifndef MINIVMM_TESTS_SWEEP_LINE_H
#define MINIVMM_TESTS_SWEEP_LINE_H

#include <stdio.h>
#include <string.h>

#include "vmm/cli/options.h"
#include "vmm/cli/request.h"
#include "vmm/util/text.h"

#define LINE_MAX_ARGS 40

/*
 * Parse "minivmm" and the words of `line` ("''" is an empty one), over `file`, the text of its --axes file; NULL: not
 * read. Both are copied; the copies live until the next call.
 */
static inline int parse_with_file(const char *line, const char *file, struct request *r, struct error *e)
{
	static char copy[2048], text[4096], program[] = "minivmm", empty[] = "";
	static char *argv[LINE_MAX_ARGS + 1];
	int argc = 1;

	memset(e, 0, sizeof(*e));
	argv[0] = program;
	(void)snprintf(copy, sizeof(copy), "%s", line);
	(void)snprintf(text, sizeof(text), "%s", file != NULL ? file : "");
	for (char *save = NULL, *word = strtok_r(copy, " ", &save); word != NULL && argc < LINE_MAX_ARGS;
	     word = strtok_r(NULL, " ", &save))
		argv[argc++] = strcmp(word, "''") == 0 ? empty : word;
	argv[argc] = NULL;
	return request_assemble(argc, argv, file != NULL ? text : NULL, file != NULL ? strlen(text) : 0, r,
				e);
}

static inline int parse_line(const char *line, struct request *r, struct error *e)
{
	return parse_with_file(line, NULL, r, e);
}

/* The values of an axis as keys spell them, "1,2,8". */
static inline const char *axis_text(const struct sweep_spec *s, enum axis_id id)
{
	static char all[AXIS_MAX_VALUES * AXIS_ITEM_BYTES];
	char one[AXIS_ITEM_BYTES];

	all[0] = '\0';
	for (uint32_t i = 0; i < s->axes[id].count; i++)
		append(all, sizeof(all), "%s%s", i != 0 ? "," : "",
		       axis_spell(id, &s->axes[id].list[i], one));
	return all;
}

static inline const char *error_text(const struct error *e)
{
	static char all[1500];

	(void)snprintf(all, sizeof(all), "%s: %s [%s]", e->where, e->what, e->hint);
	return all;
}

#endif
