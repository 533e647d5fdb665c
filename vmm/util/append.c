#include "vmm/util/append.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void append(char *buf, size_t size, const char *fmt, ...)
{
	size_t used = strlen(buf);
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(buf + used, size - used, fmt, args);
	va_end(args);
}
