#include "vmm/util/process.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "units.h"

int streams_init(struct error *e)
{
	static const int signals[] = { SIGPIPE, SIGXFSZ, SIGUSR1 };

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* The lowest free number is taken, so this is fd itself. O_PATH: neither readable nor writable. */
		if (fcntl(fd, F_GETFD) < 0 && open("/", O_PATH) < 0)
			return error_set(e, STATUS_FAILED, errno, "open /",
					 "cannot fill the closed stream %d", fd);
	}
	for (size_t i = 0; i < COUNT_OF(signals); i++) {
		if (signal(signals[i], SIG_IGN) == SIG_ERR)
			return error_set(e, STATUS_FAILED, errno, "signal", "cannot ignore signal %d",
					 signals[i]);
	}
	return 0;
}

static volatile sig_atomic_t requested;

static void on_signal(int signum)
{
	requested = signum;
}

int stop_requested(void)
{
	return requested;
}

/* What a user, a service manager, a lost terminal and Ctrl-\ send. */
static const int stop_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

int stop_install(struct error *e)
{
	struct sigaction action, before;

	memset(&action, 0, sizeof(action));
	action.sa_handler = on_signal;
	/* No SA_RESTART: a blocking call of the main thread has to return. The second signal is not caught. */
	action.sa_flags = (int)SA_RESETHAND;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < COUNT_OF(stop_signals); i++) {
		int ret = sigaction(stop_signals[i], NULL, &before);

		/* nohup(1) wants a lost terminal to stop nothing. A shell ignores the others for what runs behind it. */
		if (ret == 0 && (stop_signals[i] != SIGHUP || before.sa_handler != SIG_IGN))
			ret = sigaction(stop_signals[i], &action, NULL);
		if (ret != 0)
			return error_set(e, STATUS_FAILED, errno, "sigaction", "cannot catch signal %d",
					 stop_signals[i]);
	}
	return 0;
}

int stop_block_in_thread(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < COUNT_OF(stop_signals); i++)
		sigaddset(&set, stop_signals[i]);
	return -pthread_sigmask(SIG_BLOCK, &set, NULL);
}

unsigned int first_allowed_cpu(void)
{
	const int most = 8192;
	cpu_set_t *set = CPU_ALLOC(most);
	const size_t bytes = CPU_ALLOC_SIZE(most);
	unsigned int cpu = 0;

	if (set != NULL && sched_getaffinity(0, bytes, set) == 0) {
		while (cpu < (unsigned int)most && !CPU_ISSET_S(cpu, bytes, set))
			cpu++;
	}
	CPU_FREE(set);
	return cpu;
}
