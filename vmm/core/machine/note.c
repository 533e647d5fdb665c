#include "vmm/core/machine/note.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void note_add(struct config *c, const char *fmt, ...)
{
	char text[sizeof(c->note)];
	size_t used = strlen(c->note);
	const char *separator = used > 0 ? "; " : "";
	va_list args;
	int length;

	va_start(args, fmt);
	length = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (length <= 0 || strstr(c->note, text) != NULL)
		return;
	if (used + strlen(separator) + (size_t)length >= sizeof(c->note))
		return;
	(void)snprintf(c->note + used, sizeof(c->note) - used, "%s%s", separator, text);
}
