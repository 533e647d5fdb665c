/*
 * The kinds of options: what each accepts, stored in the member of the request that the option's row names.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "units.h"
#include "vmm/cli/options.h"
#include "vmm/util/size.h"

int refuse_value(struct parse *p, const char *value, const char *fmt, ...)
{
	char where[96], what[400];
	va_list args;

	(void)snprintf(where, sizeof(where), "--%s %.60s", p->option->name, value[0] != '\0' ? value : "''");
	va_start(args, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	return error_set(p->e, STATUS_USAGE, 0, where, "%s", what);
}

/* A bool, an enum or a number: on x86 the low bytes come first. */
static int store(struct parse *p, uint64_t value)
{
	memcpy((char *)p->r + p->option->at, &value, p->option->bytes);
	return 0;
}

int set_fixed(struct parse *p, const char *value)
{
	(void)value;
	return store(p, p->option->min);
}

int set_end(struct parse *p, const char *value)
{
	(void)value;
	p->r->command = (enum command)p->option->min;
	p->done = true;
	return 0;
}

int set_text(struct parse *p, const char *value)
{
	if (value[0] == '\0')
		return refuse_value(p, value, "%s", p->option->expected);
	memcpy((char *)p->r + p->option->at, &value, sizeof(value));
	return 0;
}

int parse_number(struct parse *p, const char *value, uint64_t *number)
{
	const struct option_spec *o = p->option;

	if (number_parse(value, o->min, o->max, number) != 0)
		return refuse_value(p, value, "a whole number from %" PRIu64 " to %" PRIu64 " is expected",
				    o->min, o->max);
	return 0;
}

int set_number(struct parse *p, const char *value)
{
	uint64_t number = 0;
	int ret = parse_number(p, value, &number);

	return ret == 0 ? store(p, number) : ret;
}

int set_word(struct parse *p, const char *value)
{
	const struct option_spec *o = p->option;
	int found = name_find(o->words, value);

	if (found < 0 || (uint64_t)found < o->min || (uint64_t)found > o->max)
		return refuse_value(p, value, "%s", o->expected);
	return store(p, (uint64_t)found);
}

int set_page(struct parse *p, const char *value)
{
	uint64_t bytes;

	if (page_size_parse(value, &bytes) != 0)
		return refuse_value(p, value, "4K, 2M or 1G is expected");
	return store(p, bytes);
}

/* "1.5G" -> "1536M", where the fraction is a whole number of bytes; "" else. */
static const char *whole_number_of(const char *text, char *buf)
{
	const char *dot = strchr(text, '.');
	uint64_t unit, whole, bytes, fraction = 0, scale = 1;
	char part[40];
	const char *p;

	buf[0] = '\0';
	if (dot == NULL || dot - text > 18)
		return buf;
	(void)snprintf(part, sizeof(part), "%.*s", (int)(dot - text), text);
	if (number_parse(part, 0, UINT64_MAX, &whole) != 0)
		return buf;
	for (p = dot + 1; isdigit((unsigned char)*p) && p - dot <= 4; p++) {
		fraction = fraction * 10 + (uint64_t)(*p - '0');
		scale *= 10;
	}
	(void)snprintf(part, sizeof(part), "1%.4s", p);
	if (p == dot + 1 || isdigit((unsigned char)*p) || size_parse(part, MIB, &unit) != 0)
		return buf;
	if ((fraction * unit) % scale != 0 || !checked_mul(whole, unit, &bytes) ||
	    !checked_add(bytes, fraction * unit / scale, &bytes) || bytes == 0)
		return buf;
	return size_format(bytes, buf);
}

int set_size(struct parse *p, const char *value)
{
	uint64_t bytes;
	char same[24];
	int ret = size_parse(value, MIB, &bytes);

	if (ret == 0)
		return store(p, bytes);
	if (ret == -ERANGE)
		return refuse_value(p, value, "from 1 byte to less than 16777216T is accepted");
	if (whole_number_of(value, same)[0] != '\0')
		return refuse_value(p, value,
				    "a whole number with K, M, G or T is expected; %s says the same", same);
	return refuse_value(p, value, "a whole number with K, M, G or T is expected, as in 1536M");
}
