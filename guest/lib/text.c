#include "guest/lib/text.h"

void text_start(struct text *t, char *buf, size_t size)
{
	t->to = buf;
	t->size = size;
	t->used = 0;
	buf[0] = '\0';
}

static void add_char(struct text *t, char c)
{
	if (t->used + 1 >= t->size)
		return;
	if (c < ' ' || c > '~')
		c = '?';
	t->to[t->used++] = c;
	t->to[t->used] = '\0';
}

void text_add(struct text *t, const char *s)
{
	for (; *s != '\0'; s++)
		add_char(t, *s);
}

static void add_number(struct text *t, uint64_t value, unsigned int base)
{
	char digits[20]; /* 2^64 - 1 has 20 decimal digits */
	unsigned int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value != 0);
	while (n > 0)
		add_char(t, digits[--n]);
}

void text_add_dec(struct text *t, uint64_t value)
{
	add_number(t, value, 10);
}

void text_add_hex(struct text *t, uint64_t value)
{
	text_add(t, "0x");
	add_number(t, value, 16);
}
