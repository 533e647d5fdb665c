#include "vmm/lab/measure/landing.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

struct landing {
	sigjmp_buf back;
	uintptr_t start_hva;
	uint64_t bytes;
	enum landing_cause cause;
};

static __thread struct landing *volatile expected;

/* SIGBUS of an access comes to the thread that made it, so its own landing is the right one. */
static void on_bus(int signum, siginfo_t *info, void *context)
{
	struct landing *l = expected;

	(void)context;
	/* A pid in place of an address, or an address that is not ours: not to be hidden. It strikes again, uncaught. */
	if (l == NULL || info->si_code <= 0 || (uintptr_t)info->si_addr - l->start_hva >= l->bytes) {
		(void)signal(signum, SIG_DFL);
		return;
	}
	l->cause = info->si_code == BUS_MCEERR_AR || info->si_code == BUS_MCEERR_AO ? LANDING_HARDWARE
										    : LANDING_NO_PAGE;
	siglongjmp(l->back, 1);
}

int landing_install(struct error *e)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_sigaction = on_bus;
	action.sa_flags = SA_SIGINFO;
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGBUS, &action, NULL) != 0)
		return error_set(e, STATUS_FAILED, errno, "sigaction", "cannot catch SIGBUS");
	return 0;
}

enum landing_cause landing_call(void (*body)(void *), void *argument, const void *start, uint64_t bytes)
{
	struct landing l = { .start_hva = (uintptr_t)start, .bytes = bytes, .cause = LANDING_NONE };

	if (sigsetjmp(l.back, 1) == 0) {
		expected = &l;
		body(argument);
	}
	expected = NULL;
	return l.cause;
}
