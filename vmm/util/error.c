#include "vmm/util/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int error_set(struct error *e, enum status status, int err, const char *where, const char *fmt, ...)
{
	int ret = err > 0 ? -err : -EINVAL;
	va_list args;

	if (e->status != STATUS_OK)
		return ret;
	e->status = status;
	e->err = err;
	(void)snprintf(e->where, sizeof(e->where), "%s", where);
	va_start(args, fmt);
	(void)vsnprintf(e->what, sizeof(e->what), fmt, args);
	va_end(args);
	e->hint[0] = '\0';
	return ret;
}

void error_hint(struct error *e, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(e->hint, sizeof(e->hint), fmt, args);
	va_end(args);
}
