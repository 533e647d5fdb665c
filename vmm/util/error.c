#include "vmm/util/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/* What helps against an exhausted limit wherever it is met; a better cure replaces it. */
static const char *usual_cure(int err)
{
	switch (err) {
	case EMFILE:
		return "ulimit -n 1024 allows more open files; each vCPU takes two";
	case ENFILE:
		return "sysctl fs.file-max shows how many files this host may open in all";
	case EAGAIN:
		return "ulimit -u and -v, and pids.max of the cgroup, limit threads; or a smaller --smp";
	case ENOMEM:
		return "ask for less with --memory or --smp; free -m, ulimit -v and -d show what limits it";
	default:
		return "";
	}
}

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
	(void)snprintf(e->hint, sizeof(e->hint), "%s", usual_cure(err));
	return ret;
}

int error_hint(struct error *e, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(e->hint, sizeof(e->hint), fmt, args);
	va_end(args);
	return e->err > 0 ? -e->err : -EINVAL;
}
