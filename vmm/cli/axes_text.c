/*
 * The text of an axes file or a preset: options without their dashes, one a line.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "vmm/cli/axes.h"
#include "vmm/cli/command.h"

#define BLANKS " \t"

/* First line of each option, from 1; 0: none. A file is no command line, which grows at its end: twice is a mistake. */
struct lines {
	uint32_t first[OPTION_COUNT];
};

static int refuse(struct parse *p, const char *name, const char *what)
{
	return error_set(p->e, STATUS_USAGE, 0, name, "%s", what);
}

static int refuse_name(struct parse *p, const char *name)
{
	int id = option_find(name, FOR_SWEEP);

	if (name[0] == '\0')
		return refuse(p, "text", "a name is expected in front of '='");
	if (id >= 0)
		return refuse(p, name, "this option stands on the command line only");
	id = option_find(name, FOR_ALL);
	if (id >= 0) {
		p->option = &option_table[id];
		return refuse_option(p, name);
	}
	(void)refuse(p, name, "there is no such option; they stand here by their long names, without dashes");
	error_hint(p->e, "minivmm sweep --help");
	return -1;
}

static int take_pair(struct parse *p, const char *name, const char *value, bool equals, uint32_t line,
		     struct lines *lines)
{
	int id = option_find(name, IN_AXES);
	char what[80];
	int ret;

	if (id < 0)
		return refuse_name(p, name);
	if (lines->first[id] != 0) {
		(void)snprintf(what, sizeof(what), "line %" PRIu32 " has it already", lines->first[id]);
		return refuse(p, name, what);
	}
	p->option = &option_table[id];
	if (p->option->arg == NULL && (equals || value[0] != '\0'))
		return refuse(p, name, "it takes no value");
	if (p->option->arg != NULL && value[0] == '\0')
		return error_set(p->e, STATUS_USAGE, 0, name, "a value is expected: %s", p->option->arg);
	lines->first[id] = line;
	p->given[id] = true;
	ret = p->option->parse(p, value);
	/* Only "help" ends the parsing. */
	return ret == 0 && p->done ? refuse(p, name, "help stands on the command line only") : ret;
}

/* Cut off a comment and the blanks behind the last word. */
static void trim(char *line)
{
	size_t length = 0;

	while (line[length] != '\0' &&
	       !(line[length] == '#' && (length == 0 || isblank((unsigned char)line[length - 1]))))
		length++;
	while (length > 0 && strchr(BLANKS "\r", line[length - 1]) != NULL)
		length--;
	line[length] = '\0';
}

static int take_line(struct parse *p, char *line, uint32_t number, struct lines *lines)
{
	char *name, *value;
	bool equals;

	trim(line);
	name = line + strspn(line, BLANKS);
	if (name[0] == '\0')
		return 0;
	for (const char *c = name; *c != '\0'; c++) {
		if (iscntrl((unsigned char)*c) && *c != '\t')
			return refuse(p, "text", "a control character is in this line");
	}
	value = name + strcspn(name, BLANKS "=");
	/* The end of the name may be the '=' itself. */
	equals = value[strspn(value, BLANKS)] == '=';
	if (*value != '\0') {
		char *start = value + strspn(value, BLANKS);

		start += equals ? 1 : 0;
		start += strspn(start, BLANKS);
		*value = '\0';
		value = start;
	}
	return take_pair(p, name, value, equals, number, lines);
}

int axes_parse_text(struct parse *p, const char *name, char *text, size_t text_bytes)
{
	struct error *e = p->e;
	struct lines lines = { 0 };
	char *end = text + text_bytes;
	uint32_t number = 0;
	int ret = 0;

	while (text < end && ret == 0) {
		struct error inner = { .status = STATUS_OK };
		char *stop = memchr(text, '\n', (size_t)(end - text));
		char where[96];

		stop = stop != NULL ? stop : end;
		*stop = '\0';
		p->e = &inner;
		number++;
		if (strlen(text) != (size_t)(stop - text))
			ret = refuse(p, "text", "a NUL byte is in this line");
		else
			ret = take_line(p, text, number, &lines);
		p->e = e;
		if (ret != 0) {
			(void)snprintf(where, sizeof(where), "%.80s:%" PRIu32, name, number);
			ret = error_set(e, inner.status, inner.err, where, "%s: %s", inner.where, inner.what);
			if (inner.hint[0] != '\0')
				error_hint(e, "%s", inner.hint);
		}
		text = stop + 1;
	}
	return ret;
}
