#include "vmm/util/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vmm/util/cause.h"

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
	e->told_status = status;
	e->told_bytes = strlen(e->what);
	/* What is refused before any call fails, and a wrong command line, have cures of their own. */
	return err > 0 && (status == STATUS_FAILED || status == STATUS_CANNOT)
		       ? error_cause(e, where, 0, NULL)
		       : ret;
}

int error_hint(struct error *e, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(e->hint, sizeof(e->hint), fmt, args);
	va_end(args);
	return e->err > 0 ? -e->err : -EINVAL;
}
