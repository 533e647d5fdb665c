#include "vmm/util/pairs.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

bool span_is_empty(struct span s)
{
	return s.start == s.end;
}

bool span_is(struct span s, const char *word)
{
	return (size_t)(s.end - s.start) == strlen(word) && memcmp(s.start, word, strlen(word)) == 0;
}

static const char *find(struct span s, char c)
{
	return s.start < s.end ? memchr(s.start, c, (size_t)(s.end - s.start)) : NULL;
}

bool span_has(struct span s, char c)
{
	return find(s, c) != NULL;
}

struct span span_trim(struct span s)
{
	while (s.start < s.end && is_blank(*s.start))
		s.start++;
	while (s.start < s.end && is_blank(s.end[-1]))
		s.end--;
	return s;
}

/* Before `at` and behind the byte there; NULL: all of it and nothing. */
static struct span cut_at(struct span s, const char *at, struct span *rest)
{
	*rest = (struct span){ at != NULL ? at + 1 : s.end, s.end };
	return span_trim((struct span){ s.start, at != NULL ? at : s.end });
}

struct span span_cut(struct span s, char c, struct span *rest)
{
	return cut_at(s, find(s, c), rest);
}

char *span_copy(struct span s, char *to, size_t bytes)
{
	size_t n = 0;

	for (; s.start < s.end && n + 1 < bytes; s.start++)
		to[n++] = *s.start >= ' ' && *s.start < 127 ? *s.start : '?';
	to[n] = '\0';
	return to;
}

static const char *find_comment(struct span line, enum pair_form form)
{
	for (const char *c = line.start; c < line.end; c++) {
		if (*c == '#' && (form == PAIR_STRICT || c == line.start || c[-1] == ' ' || c[-1] == '\t'))
			return c;
	}
	return NULL;
}

/* The name ends at a blank or at the '=', which may stand behind blanks. */
static void split_words(struct pair *p)
{
	const char *end = p->text.start;

	while (end < p->text.end && !is_blank(*end) && *end != '=')
		end++;
	p->name = (struct span){ p->text.start, end };
	p->value = span_trim((struct span){ end, p->text.end });
	p->equals = !span_is_empty(p->value) && *p->value.start == '=';
	p->value.start += p->equals;
	p->value = span_trim(p->value);
}

bool pair_next(struct span *rest, enum pair_form form, struct pair *p)
{
	const char *newline = find(*rest, '\n');

	if (span_is_empty(*rest))
		return false;
	p->line = (struct span){ rest->start, newline != NULL ? newline : rest->end };
	rest->start = newline != NULL ? newline + 1 : rest->end;
	p->text = cut_at(p->line, find_comment(p->line, form), &p->comment);
	p->comment = span_trim(p->comment);
	if (form == PAIR_WORDS) {
		split_words(p);
	} else {
		p->equals = span_has(p->text, '=');
		p->name = span_cut(p->text, '=', &p->value);
		p->value = span_trim(p->value);
	}
	return true;
}
