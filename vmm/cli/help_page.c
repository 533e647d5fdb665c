#include "vmm/cli/help_page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void page_add(struct page *h, const char *fmt, ...)
{
	va_list args;
	int length;

	va_start(args, fmt);
	length = vsnprintf(h->text + h->used, sizeof(h->text) - h->used, fmt, args);
	va_end(args);
	if (length > 0)
		h->used += (size_t)length;
	if (h->used >= sizeof(h->text))
		h->used = sizeof(h->text) - 1;
}

void page_wrap(struct page *h, size_t indent, const char *label, size_t column, const char *text)
{
	size_t at = column;

	page_add(h, "%*s%-*s", (int)indent, "", (int)(column - indent), label);
	while (*text != '\0') {
		size_t length = strcspn(text, " ");

		if (at > column && at + 1 + length > HELP_WIDTH) {
			page_add(h, "\n%*s", (int)column, "");
			at = column;
		}
		page_add(h, "%s%.*s", at > column ? " " : "", (int)length, text);
		at += length + (at > column ? 1 : 0);
		text += length + strspn(text + length, " ");
	}
	page_add(h, "\n");
}
