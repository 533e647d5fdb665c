/* One thread of a native run: its guard against SIGBUS, its phases, its results. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vmm/lab/measure/crew.h"
#include "vmm/util/process.h"

enum sigbus_cause {
	SIGBUS_NONE,
	SIGBUS_NO_PAGE,  /* the backing has run dry */
	SIGBUS_HARDWARE, /* the page's memory is faulty */
};

struct sigbus_guard {
	sigjmp_buf back;
	uintptr_t start_hva;
	uint64_t bytes;
	enum sigbus_cause cause;
};

static __thread struct sigbus_guard *volatile expected;

/* SIGBUS of an access comes to the thread that made it, so its own guard is the right one. */
static void on_bus(int signum, siginfo_t *info, void *context)
{
	struct sigbus_guard *l = expected;

	(void)context;
	/*
	 * Sent by a process (si_code <= 0), or outside the arena: restore the default action. The access repeats and ends
	 * the process.
	 */
	if (l == NULL || info->si_code <= 0 || (uintptr_t)info->si_addr - l->start_hva >= l->bytes) {
		(void)signal(signum, SIG_DFL);
		return;
	}
	l->cause = info->si_code == BUS_MCEERR_AR || info->si_code == BUS_MCEERR_AO ? SIGBUS_HARDWARE
										    : SIGBUS_NO_PAGE;
	siglongjmp(l->back, 1);
}

int sigbus_guard_install(struct error *e)
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

/*
 * Call body(argument). Where it touches a page of [start, start + bytes) that cannot be had, it is left at once, and the
 * cause is returned. It must not hold a lock while it touches that memory.
 */
static enum sigbus_cause sigbus_guard_call(void (*body)(void *), void *argument, const void *start,
					   uint64_t bytes)
{
	struct sigbus_guard l = { .start_hva = (uintptr_t)start, .bytes = bytes, .cause = SIGBUS_NONE };

	if (sigsetjmp(l.back, 1) == 0) {
		expected = &l;
		body(argument);
	}
	expected = NULL;
	return l.cause;
}

static struct phase_counts count_now(void)
{
	struct phase_counts counts = { .exits = -1, .interrupts = -1, .page_faults = -1, .switches = -1 };
	struct rusage usage;

	if (getrusage(RUSAGE_THREAD, &usage) == 0) {
		counts.page_faults = usage.ru_minflt + usage.ru_majflt;
		counts.switches = usage.ru_nivcsw;
	}
	return counts;
}

static void phase_begin(void *self)
{
	struct crew_member *member = self;

	member->before = count_now();
	pmu_counters_start(member->pmu);
}

static void keep_row(struct crew_member *member, struct result *row)
{
	struct crew *crew = member->crew;
	bool closed;
	int ret = 0;

	(void)pthread_mutex_lock(&crew->lock);
	closed = crew->rec == NULL;
	if (!closed)
		ret = record_add(crew->rec, row, member->result.samples_cycles, crew->tsc_khz);
	if (ret != 0)
		(void)error_set(&crew->error, STATUS_FAILED, -ret, "native",
				"cannot keep a result of thread %u", member->vcpu);
	(void)pthread_mutex_unlock(&crew->lock);
	if (closed || ret != 0)
		free(row->pmu);
	if (ret != 0)
		crew_give_up(crew);
}

static void phase_end(void *self)
{
	struct crew_member *member = self;
	struct crew *crew = member->crew;
	const struct guest_result *g = &member->result;
	struct phase_counts after;
	struct result row;

	/* What follows here is not the workload's, so the counters stop first. */
	pmu_counters_stop(member->pmu);
	after = count_now();
	row = result_from_guest(g, member->vcpu, driver_part(g->workload, g->variant));
	row.guest_page_bytes = crew->config.page_bytes;
	row.counts.page_faults = count_between(member->before.page_faults, after.page_faults);
	row.counts.switches = count_between(member->before.switches, after.switches);
	row.pmu = pmu_counters_read(member->pmu, g->accesses, g->samples, g->warm_accesses);
	row.refs_theory = crew->refs_theory;
	keep_row(member, &row);
}

static int phase_stopped(void *self)
{
	const struct crew_member *member = self;

	if (stop_requested() != 0 || __atomic_load_n(&member->crew->give_up, __ATOMIC_ACQUIRE))
		return 1;
	/* With more threads than CPUs, a thread that spins at the gate would starve those that have not arrived. */
	if (member->crew->crowded)
		(void)sched_yield();
	return 0;
}

/* Before the first touch, so that the pages come from the node of the CPU that uses them. */
static int pin(const struct crew_member *member, struct error *e)
{
	const struct crew *crew = member->crew;
	cpu_set_t set;
	uint16_t cpu;

	if (crew->pin_count == 0)
		return 0;
	cpu = crew->pin[member->vcpu % crew->pin_count];
	CPU_ZERO(&set);
	if (cpu < CPU_SETSIZE)
		CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) == 0)
		return 0;
	(void)error_set(e, STATUS_USAGE, errno, "--pin", "thread %u cannot run on CPU %u", member->vcpu, cpu);
	error_hint(e, "taskset -cp $$ lists the CPUs that may be used");
	return e->err > 0 ? -e->err : -EINVAL;
}

/* The arguments and results of driver_run, for sigbus_guard_call. */
struct drive {
	struct driver_env env;
	const char *failure;
	int ret;
};

static void drive(void *argument)
{
	struct drive *d = argument;

	d->ret = driver_run(&d->env, &d->failure);
}

/* A system call is to a native run what an exit is to a guest. The C library does not cache the result of getppid. */
static void leave(void)
{
	(void)syscall(SYS_getppid);
}

static const struct platform platform = { .leave = leave };

static void run_plan(struct crew_member *member, struct error *e)
{
	struct crew *crew = member->crew;
	struct drive d = { .env = {
				   .steps = crew->config.steps,
				   .step_count = crew->config.step_count,
				   .arena = crew->arena,
				   .arena_bytes = crew->config.map.arena_bytes,
				   .leaf_bytes = crew->config.page_bytes,
				   .seed = crew->config.seed,
				   .platform = &platform,
				   .vcpu = member->vcpu,
				   .vcpus = crew->config.vcpus,
				   .gate = &crew->gate,
				   .result = &member->result,
				   .self = member,
				   .begin = phase_begin,
				   .end = phase_end,
				   .stopped = phase_stopped,
			   } };

	switch (sigbus_guard_call(drive, &d, crew->arena, crew->config.map.arena_bytes)) {
	case SIGBUS_NO_PAGE:
		/* Explained once, where the backing is known. The other threads must not wait at the gate for this one. */
		__atomic_store_n(&crew->starved, true, __ATOMIC_RELEASE);
		crew_give_up(crew);
		return;
	case SIGBUS_HARDWARE:
		(void)error_set(e, STATUS_FAILED, EHWPOISON, "workload",
				"thread %u: a page of the memory is one that the hardware reports as faulty",
				member->vcpu);
		return;
	case SIGBUS_NONE:
		break;
	}
	if (d.ret < 0)
		(void)error_set(e, STATUS_FAILED, 0, "workload", "thread %u: %s", member->vcpu,
				d.failure != NULL ? d.failure : "failed without a reason");
}

/* An event that cannot be opened is a missing value, not an error. */
static void open_counters(struct crew_member *member)
{
	struct crew *crew = member->crew;
	uint32_t event;
	int err;

	member->pmu = pmu_counters_open(crew->pmu, &err, &event);
	if (err == 0)
		return;
	(void)pthread_mutex_lock(&crew->lock);
	if (crew->rec != NULL)
		record_reason(crew->rec, VERDICT_OK, "thread %u could not count %s: %s", member->vcpu,
			      crew->pmu->events[event].name, strerror(err));
	(void)pthread_mutex_unlock(&crew->lock);
}

void *crew_member_main(void *arg)
{
	struct crew_member *member = arg;
	struct crew *crew = member->crew;
	struct error e = { .status = STATUS_OK };
	int ret = stop_block_in_thread();

	if (ret != 0)
		(void)error_set(&e, STATUS_FAILED, -ret, "pthread_sigmask", "cannot block signals");
	else if (pin(member, &e) == 0) {
		open_counters(member);
		run_plan(member, &e);
		pmu_counters_close(member->pmu);
	}

	if (e.status != STATUS_OK)
		crew_give_up(crew);
	(void)pthread_mutex_lock(&crew->lock);
	if (crew->error.status == STATUS_OK)
		crew->error = e;
	crew->finished++;
	(void)pthread_cond_signal(&crew->changed);
	(void)pthread_mutex_unlock(&crew->lock);
	return NULL;
}
