/*
 * An --axes file, or the text of a preset: options without their dashes, one a line.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vmm/cli/options.h"
#include "vmm/lab/sweep/spec.h"
#include "vmm/util/file.h"
#include "vmm/util/pairs.h"

/* The line, from 1, that gave each option; 0: not given. In a file an option may be given once only. */
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
	(void)refuse(p, name, "unknown option; options are written here by their long names, without dashes");
	return error_hint(p->e, "minivmm sweep --help");
}

static int parse_pair(struct parse *p, const char *name, const char *value, bool equals, uint32_t line,
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
	ret = option_parse(p, id, value);
	/* Only "help" ends the parsing. */
	return ret == 0 && p->done ? refuse(p, name, "help stands on the command line only") : ret;
}

/* Cuts `text` up: what the options keep of it are NUL-terminated words. */
static int parse_line(struct parse *p, char *text, const struct pair *pair, uint32_t number,
		      struct lines *lines)
{
	char *name = text + (pair->name.start - text), *value = text + (pair->value.start - text);

	if (span_has(pair->line, '\0'))
		return refuse(p, "text", "a NUL byte is in this line");
	if (span_is_empty(pair->text))
		return 0;
	for (const char *c = pair->line.start; c < pair->text.end; c++) {
		if (iscntrl((unsigned char)*c) && *c != '\t')
			return refuse(p, "text", "a control character is in this line");
	}
	text[pair->name.end - text] = '\0';
	text[pair->value.end - text] = '\0';
	return parse_pair(p, name, value, pair->equals, number, lines);
}

int axes_parse_text(struct parse *p, const char *name, char *text, size_t text_bytes)
{
	struct span rest = { text, text + text_bytes };
	struct error *e = p->e;
	struct lines lines = { 0 };
	struct pair pair;
	int ret = 0;

	for (uint32_t number = 1; ret == 0 && pair_next(&rest, PAIR_WORDS, &pair); number++) {
		struct error inner = { .status = STATUS_OK };
		char where[96];

		p->e = &inner;
		ret = parse_line(p, text, &pair, number, &lines);
		p->e = e;
		if (ret == 0)
			continue;
		(void)snprintf(where, sizeof(where), "%.80s:%" PRIu32, name, number);
		ret = error_set(e, inner.status, inner.err, where, "%s: %s", inner.where, inner.what);
		if (inner.hint[0] != '\0')
			error_hint(e, "%s", inner.hint);
	}
	return ret;
}

int request_read_axes(struct request *r, struct error *e)
{
	/* Values that are words stay in it. One byte more than a file may have, and the NUL. */
	static char text[AXES_FILE_BYTES + 2];
	const char *path = r->sweep.file;
	ssize_t count;
	int fd;

	if (path == NULL)
		return 0;
	fd = file_open(path, true);
	count = fd < 0 ? fd : file_fill(fd, text, AXES_FILE_BYTES + 1);
	if (fd >= 0)
		(void)close(fd);
	if (count < 0)
		return error_set(e, STATUS_USAGE, (int)-count, path, "the file of --axes cannot be read%s",
				 file_why((int)count));
	if (count > AXES_FILE_BYTES)
		return error_set(e, STATUS_USAGE, 0, path, "more than 64K: not an axes file");
	text[count] = '\0';
	return request_assemble(r->argc, r->argv, text, (size_t)count, r, e);
}

_Static_assert(AXES_FILE_BYTES == 65536, "the text names this limit");

int preset_apply(struct parse *p, const char *name)
{
	/* Values that are words stay in it, so the embedded text would not do. */
	static char text[PRESET_AXES_BYTES];
	const struct preset *preset = preset_find(name);

	if (preset == NULL)
		return error_set(p->e, STATUS_USAGE, 0, name, "unknown preset");
	(void)snprintf(text, sizeof(text), "%s", preset_axes(preset));
	return axes_parse_text(p, name, text, strlen(text));
}
