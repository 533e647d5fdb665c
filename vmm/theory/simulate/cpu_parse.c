/*
 * The text of a description. Anything may be in it: every step stays within text[0..bytes).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/theory/simulate/cpu_figures.h"
#include "vmm/util/append.h"

/* A piece of the text. */
struct span {
	const char *start, *end;
};

struct parser {
	const char *where;
	uint32_t line;
	bool seen[CPU_FIGURE_COUNT];
	bool title, unit;
	struct cpu_model *cpu;
	struct error *e;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct span trim(struct span s)
{
	while (s.start < s.end && is_blank(*s.start))
		s.start++;
	while (s.start < s.end && is_blank(s.end[-1]))
		s.end--;
	return s;
}

/* What stands before `c`, and in *rest what follows it; all of it and nothing where there is none. */
static struct span cut(struct span s, char c, struct span *rest)
{
	const char *at = s.start < s.end ? memchr(s.start, c, (size_t)(s.end - s.start)) : NULL;

	*rest = (struct span){ at != NULL ? at + 1 : s.end, s.end };
	return trim((struct span){ s.start, at != NULL ? at : s.end });
}

static bool is_word(struct span s, const char *word)
{
	return (size_t)(s.end - s.start) == strlen(word) && memcmp(s.start, word, strlen(word)) == 0;
}

/* Copy, cut to size; what a terminal might obey becomes '?'. */
static void copy(struct span s, char *to, size_t bytes)
{
	size_t n = 0;

	for (; s.start < s.end && n + 1 < bytes; s.start++)
		to[n++] = *s.start >= ' ' && *s.start < 127 ? *s.start : '?';
	to[n] = '\0';
}

static int fault(struct parser *p, struct span s, const char *what)
{
	char where[80], text[48];

	copy(s, text, sizeof(text));
	where[0] = '\0';
	append(where, sizeof(where), "%.60s:%u", p->where, p->line);
	return error_set(p->e, STATUS_USAGE, 0, where, "\"%s\": %s", text, what);
}

/* Digits, and for bytes K, M or G. */
static bool parse_number(struct span s, bool bytes, uint64_t *value)
{
	uint64_t unit = 1;

	if (bytes && s.start < s.end) {
		char c = s.end[-1];

		unit = c == 'K' ? KIB : c == 'M' ? MIB : c == 'G' ? GIB : 1;
		s.end -= unit != 1;
	}
	*value = 0;
	if (s.start == s.end)
		return false;
	for (; s.start < s.end; s.start++) {
		if (*s.start < '0' || *s.start > '9' || !checked_mul(*value, 10, value) ||
		    !checked_add(*value, (uint64_t)(*s.start - '0'), value))
			return false;
	}
	return checked_mul(*value, unit, value);
}

/* "46" or "4.65", in hundredths. */
static bool parse_cycles(struct span s, uint64_t *value)
{
	struct span decimals, whole = cut(s, '.', &decimals);
	bool point = whole.end < s.end;
	uint64_t rest = 0;

	if (!parse_number(whole, false, value) || !checked_mul(*value, CYCLE_PARTS, value))
		return false;
	if (!point)
		return true;
	if (decimals.end - decimals.start > 2 || !parse_number(decimals, false, &rest))
		return false;
	return checked_add(*value, decimals.end - decimals.start == 1 ? rest * 10 : rest, value);
}

static bool parse_value(struct span s, const struct figure_info *f, uint64_t *value)
{
	for (uint64_t word = 0; word < FIGURE_WORDS; word++) {
		const char *name = figure_word(f->kind, word);

		*value = word;
		if (name != NULL && is_word(s, name))
			return word >= f->least && word <= f->most;
	}
	if (figure_word(f->kind, 0) != NULL)
		return false;
	if (f->kind == KIND_CYCLES ? !parse_cycles(s, value) : !parse_number(s, f->kind == KIND_BYTES, value))
		return false;
	if (f->kind == KIND_POWER && *value != 0 && !is_pow2(*value))
		return false;
	return *value >= f->least && *value <= f->most;
}

static int parse_figure(struct parser *p, enum cpu_figure figure, struct span value, struct span source)
{
	const struct figure_info *f = figure_info(figure);
	char what[160] = "", least[24], most[24];

	if (p->seen[figure])
		return fault(p, value, "this figure was given before");
	p->seen[figure] = true;
	p->cpu->origin[figure] = ORIGIN_SOURCE;
	if (value.start < value.end && value.end[-1] == '?') {
		p->cpu->origin[figure] = ORIGIN_UNCERTAIN;
		value.end--;
		value = trim(value);
	}
	copy(source, p->cpu->source[figure], sizeof(p->cpu->source[figure]));
	if (parse_value(value, f, &p->cpu->figure[figure]))
		return 0;
	append(what, sizeof(what), "%s of %s is ", figure_kind_name(f->kind), f->name);
	if (figure_word(f->kind, 0) != NULL) {
		for (uint64_t word = f->least; word <= f->most; word++)
			append(what, sizeof(what), "%s%s", word == f->least ? "" : " or ",
			       figure_word(f->kind, word));
	} else {
		figure_text(f->kind, f->least, least, sizeof(least));
		figure_text(f->kind, f->most, most, sizeof(most));
		append(what, sizeof(what), "from %s to %s", least, most);
	}
	return fault(p, value, what);
}

static int parse_name(struct parser *p, struct span name, struct span value, struct span source)
{
	char names[sizeof(p->e->hint)];

	if (is_word(name, "title")) {
		copy(value, p->cpu->title, sizeof(p->cpu->title));
		p->title = true;
		return 0;
	}
	if (is_word(name, "unit")) {
		copy(value, p->cpu->unit, sizeof(p->cpu->unit));
		p->unit = true;
		return is_word(value, "core cycles") || is_word(value, "TSC cycles")
			       ? 0
			       : fault(p, value, "the unit is \"core cycles\" or \"TSC cycles\"");
	}
	for (int i = 0; i < CPU_FIGURE_COUNT; i++) {
		if (is_word(name, figure_info((enum cpu_figure)i)->name))
			return parse_figure(p, (enum cpu_figure)i, value, source);
	}
	(void)fault(p, name, "a CPU description has no such figure");
	names[0] = '\0';
	for (int i = 0; i < CPU_FIGURE_COUNT; i++)
		append(names, sizeof(names), ", %s", figure_info((enum cpu_figure)i)->name);
	error_hint(p->e, "title, unit%s", names);
	return -EINVAL;
}

static int parse_line(struct parser *p, struct span line)
{
	struct span comment, value, name, text = cut(line, '#', &comment);

	if (text.start == text.end)
		return 0;
	if (memchr(text.start, '=', (size_t)(text.end - text.start)) == NULL)
		return fault(p, text, "a line is \"name = value  # source\"");
	name = cut(text, '=', &value);
	return parse_name(p, name, trim(value), trim(comment));
}

/* "zen3" of "some/where/zen3.cpu". */
static void name_cpu(const char *where, struct cpu_model *cpu)
{
	const char *slash = strrchr(where, '/');
	struct span s = { slash != NULL ? slash + 1 : where, where + strlen(where) };

	if (s.end - s.start > 4 && memcmp(s.end - 4, ".cpu", 4) == 0)
		s.end -= 4;
	copy(s, cpu->name, sizeof(cpu->name));
}

int cpu_parse(const char *where, const char *text, size_t bytes, struct cpu_model *cpu, struct error *e)
{
	struct parser p = { .where = where, .cpu = cpu, .e = e };
	struct span rest = { text, text + bytes };

	memset(cpu, 0, sizeof(*cpu));
	name_cpu(where, cpu);
	while (rest.start < rest.end) {
		struct span line = rest;
		int ret;

		p.line++;
		line = cut(line, '\n', &rest);
		ret = parse_line(&p, line);
		if (ret != 0)
			return ret;
	}
	if (!p.title || !p.unit)
		return error_set(e, STATUS_USAGE, 0, where,
				 "a CPU description has a line \"%s\", which is missing",
				 p.title ? "unit = core cycles" : "title = TEXT");
	for (int i = 0; i < CPU_FIGURE_COUNT; i++) {
		if (!p.seen[i])
			return error_set(e, STATUS_USAGE, 0, where, "the figure %s is missing",
					 figure_info((enum cpu_figure)i)->name);
	}
	return 0;
}
