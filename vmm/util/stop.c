#include "vmm/util/stop.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

static volatile sig_atomic_t requested;

static void on_signal(int signum)
{
	requested = signum;
}

int stop_requested(void)
{
	return requested;
}

int stop_install(struct error *e)
{
	static const int signals[] = { SIGINT, SIGTERM };
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = on_signal;
	/* No SA_RESTART: a blocking call of the main thread has to return. The second signal is not caught. */
	action.sa_flags = (int)SA_RESETHAND;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (sigaction(signals[i], &action, NULL) != 0)
			return error_set(e, STATUS_FAILED, errno, "sigaction", "cannot catch signal %d",
					 signals[i]);
	}
	return 0;
}

int stop_block_in_thread(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	return -pthread_sigmask(SIG_BLOCK, &set, NULL);
}
