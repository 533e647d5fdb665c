#include "vmm/util/process.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "units.h"

bool list_drop(char *list, const char *separators, const char *part)
{
	const char *from = list;
	char *to = list;
	bool dropped = false;

	while (*from != '\0') {
		size_t length = strcspn(from, separators), whole = length + (from[length] != '\0');
		const char *found = strstr(from, part);

		if (found != NULL && found < from + length) {
			dropped = true;
		} else {
			memmove(to, from, whole);
			to += whole;
		}
		from += whole;
	}
	*to = '\0';
	if (dropped && to > list && strchr(separators, to[-1]) != NULL)
		to[-1] = '\0';
	return dropped;
}

/* Tells the second start from the first, in case a library writes the variable again. */
#define STARTED_AGAIN "MINIVMM_STARTED_AGAIN"

/* Its own name first: /proc/self/exe would be its name in ps(1). */
static int start_again(char **argv)
{
	const char *name = (const char *)getauxval(AT_EXECFN);

	if (getenv(STARTED_AGAIN) != NULL)
		return -ELOOP;
	if (setenv(STARTED_AGAIN, "1", 1) != 0)
		return -errno;
	if (name != NULL)
		(void)execv(name, argv);
	(void)execv("/proc/self/exe", argv);
	return -errno;
}

/* Does any of this process's own memory lie in a pool? (proc(5), status: HugetlbPages; false where it does not tell.) */
static bool heap_is_huge(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	unsigned long kib = 0;
	char line[128];

	while (status != NULL && kib == 0 && fgets(line, sizeof(line), status) != NULL) {
		if (strncmp(line, "HugetlbPages:", 13) == 0)
			kib = strtoul(line + 13, NULL, 10);
	}
	if (status != NULL)
		(void)fclose(status);
	return kib != 0;
}

int process_leave_huge_heap(char **argv, struct error *e)
{
	static const struct {
		const char *variable, *separators, *part;
		bool last; /* only where nothing else was found, and the heap is huge all the same */
	} rows[] = {
		{ "GLIBC_TUNABLES", ":", "glibc.malloc.hugetlb=", false },
		{ "LD_PRELOAD", ": ", "libhugetlbfs", false },
		/* Whatever it is: tcmalloc, mimalloc and their like have variables of their own. */
		{ "LD_PRELOAD", "", "", true },
	};
	const char *variable = NULL;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < COUNT_OF(rows); i++) {
		const char *value = getenv(rows[i].variable);
		char *rest;

		if (value == NULL || (rows[i].last && (variable != NULL || !heap_is_huge())))
			continue;
		rest = strdup(value);
		if (rest == NULL) {
			ret = -ENOMEM;
		} else if (list_drop(rest, rows[i].separators, rows[i].part)) {
			variable = rows[i].variable;
			ret = setenv(variable, rest, 1) != 0 ? -errno : 0;
		}
		free(rest);
	}
	if (ret == 0 && variable != NULL)
		ret = start_again(argv);
	if (ret == 0 && unsetenv(STARTED_AGAIN) != 0)
		ret = -errno;
	if (ret == 0)
		return 0;
	(void)error_set(
		e, STATUS_FAILED, -ret, variable != NULL ? variable : "environment",
		"minivmm's own memory would be huge pages of the pools that it measures, and it cannot start "
		"itself again without");
	return error_hint(e, "env -u %s minivmm ...", variable != NULL ? variable : "GLIBC_TUNABLES");
}

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

#define MOST_CPUS 8192

/* NULL: not known. The caller frees it. */
static cpu_set_t *read_allowed_cpus(void)
{
	cpu_set_t *set = CPU_ALLOC(MOST_CPUS);

	if (set != NULL && sched_getaffinity(0, CPU_ALLOC_SIZE(MOST_CPUS), set) == 0)
		return set;
	CPU_FREE(set);
	return NULL;
}

unsigned int first_allowed_cpu(void)
{
	cpu_set_t *set = read_allowed_cpus();
	unsigned int cpu = 0;

	while (set != NULL && cpu < MOST_CPUS && !CPU_ISSET_S(cpu, CPU_ALLOC_SIZE(MOST_CPUS), set))
		cpu++;
	CPU_FREE(set);
	return cpu;
}

unsigned int allowed_cpu_count(void)
{
	cpu_set_t *set = read_allowed_cpus();
	unsigned int count = set != NULL ? (unsigned int)CPU_COUNT_S(CPU_ALLOC_SIZE(MOST_CPUS), set) : 1;

	CPU_FREE(set);
	return count;
}
