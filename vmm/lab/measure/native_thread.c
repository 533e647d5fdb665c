/* One thread of a native run: its phases, its results. */
#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "units.h"
#include "vmm/lab/measure/native.h"
#include "vmm/util/clock.h"
#include "vmm/util/process.h"

#define STACK_TOUCHED_BYTES 32768

static struct phase_counts count_now(const struct limits *quotas)
{
	struct phase_counts counts = COUNTS_NOT_KNOWN;
	struct rusage usage;

	if (getrusage(RUSAGE_THREAD, &usage) == 0) {
		counts.page_faults = usage.ru_minflt + usage.ru_majflt;
		counts.major_faults = usage.ru_majflt;
		counts.switches = usage.ru_nivcsw;
	}
	counts.throttled_ns = limits_throttled_ns("", quotas);
	return counts;
}

static void phase_begin(void *argument)
{
	struct native_thread *self = argument;

	self->before = count_now(&self->all->quotas);
	self->begin_ns = clock_ns();
	pmu_counters_start(self->pmu);
}

static void keep_row(struct native_thread *self, struct result *row)
{
	struct native_threads *threads = self->all;
	bool closed;
	int ret = 0;

	(void)pthread_mutex_lock(&threads->lock);
	closed = threads->rec == NULL;
	if (!closed)
		ret = record_add(threads->rec, row, &self->result, threads->tsc_khz);
	if (ret != 0)
		(void)error_set(&threads->error, STATUS_FAILED, -ret, "native",
				"cannot keep a result of thread %u", self->vcpu);
	(void)pthread_mutex_unlock(&threads->lock);
	if (closed || ret != 0)
		free(row->pmu);
	if (ret != 0)
		threads_give_up(threads);
}

static void phase_end(void *argument)
{
	struct native_thread *self = argument;
	struct native_threads *threads = self->all;
	const struct guest_result *g = &self->result;
	struct phase_counts after;
	struct result row;
	uint64_t phase_ns;

	/* What follows here is not the workload's, so the counters stop first. */
	pmu_counters_stop(self->pmu);
	phase_ns = clock_ns() - self->begin_ns;
	after = count_now(&threads->quotas);
	row = result_from_guest(g, self->vcpu, driver_part(g->workload, g->variant));
	row.step = config_result(&threads->config, g->step);
	row.guest_page_bytes = threads->config.page_bytes;
	row.counts.page_faults = count_between(self->before.page_faults, after.page_faults);
	row.counts.major_faults = count_between(self->before.major_faults, after.major_faults);
	row.counts.switches = count_between(self->before.switches, after.switches);
	counts_throttled(&row.counts, count_between(self->before.throttled_ns, after.throttled_ns),
			 (int64_t)phase_ns, threads->config.vcpus);
	row.pmu = pmu_counters_read(self->pmu, g->accesses, g->samples, g->warm_accesses);
	row.refs_theory = threads->refs_theory;
	keep_row(self, &row);
}

static int phase_stopped(void *argument)
{
	const struct native_thread *self = argument;

	if (stop_requested() != 0 || __atomic_load_n(&self->all->give_up, __ATOMIC_ACQUIRE))
		return 1;
	/* With more threads than CPUs, a thread that spins at the gate would starve those that have not arrived. */
	if (self->all->crowded)
		(void)sched_yield();
	return 0;
}

/* Before the first touch, so that the pages come from the node of the CPU that uses them. */
static int pin(const struct native_thread *self, struct error *e)
{
	const struct native_threads *threads = self->all;
	cpu_set_t set;
	uint16_t cpu;

	if (threads->pin_count == 0)
		return 0;
	cpu = threads->pin[self->vcpu % threads->pin_count];
	CPU_ZERO(&set);
	if (cpu < CPU_SETSIZE)
		CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) == 0)
		return 0;
	(void)error_set(e, errno == EINVAL ? STATUS_USAGE : STATUS_FAILED, errno, "--pin",
			"thread %u cannot run on CPU %u", self->vcpu, cpu);
	return error_hint(e, "--pin %u", first_allowed_cpu());
}

/* The arguments and results of driver_run, for sigbus_guard. */
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

static void run_plan(struct native_thread *self, struct error *e)
{
	struct native_threads *threads = self->all;
	struct lost_memory lost;
	struct drive d = { .env = {
				   .steps = threads->config.steps,
				   .step_count = threads->config.step_count,
				   .arena = threads->arena,
				   .arena_bytes = threads->config.map.arena_bytes,
				   .leaf_bytes = threads->config.page_bytes,
				   .seed = threads->config.seed,
				   .platform = &platform,
				   .vcpu = self->vcpu,
				   .vcpus = threads->config.vcpus,
				   .gate = &threads->gate,
				   .result = &self->result,
				   .self = self,
				   .begin = phase_begin,
				   .end = phase_end,
				   .stopped = phase_stopped,
			   } };

	if (!sigbus_guard(drive, &d, threads->arena, threads->config.map.arena_bytes, &lost)) {
		/* Explained once, where the backing is known. The other threads must not wait at the gate for this one. */
		(void)pthread_mutex_lock(&threads->lock);
		if (threads->lost.code == 0)
			threads->lost = lost;
		(void)pthread_mutex_unlock(&threads->lock);
		threads_give_up(threads);
		return;
	}
	if (d.ret < 0)
		(void)error_set(e, STATUS_FAILED, 0, "workload", "thread %u: %s", self->vcpu,
				d.failure != NULL ? d.failure : "failed without a reason");
}

/* An event that cannot be opened is a missing value, not an error. */
static void open_counters(struct native_thread *self)
{
	struct native_threads *threads = self->all;
	uint32_t event;
	int err;

	self->pmu = pmu_counters_open(threads->pmu, &err, &event);
	if (err == 0)
		return;
	(void)pthread_mutex_lock(&threads->lock);
	if (threads->rec != NULL)
		record_reason(threads->rec, VERDICT_OK, "thread %u could not count %s: %s", self->vcpu,
			      threads->pmu->events[event].name, strerror(err));
	(void)pthread_mutex_unlock(&threads->lock);
}

/* What a phase calls may be the first to reach a page of the stack: a fault that is not the workload's. */
static void __attribute__((noinline)) touch_stack(void)
{
	char room[STACK_TOUCHED_BYTES];

	memset(room, 0, sizeof(room));
	__asm__ volatile("" : : "r"(room) : "memory");
}

/* Until the main thread has given up what it has to: only this thread may open its counters, and with the rights of before. */
static void pass_gate(struct native_threads *threads)
{
	(void)pthread_mutex_lock(&threads->lock);
	threads->arrived++;
	(void)pthread_cond_broadcast(&threads->changed);
	while (!threads->open)
		(void)pthread_cond_wait(&threads->changed, &threads->lock);
	(void)pthread_mutex_unlock(&threads->lock);
}

void *native_thread_main(void *arg)
{
	struct native_thread *self = arg;
	struct native_threads *threads = self->all;
	struct error e = { .status = STATUS_OK };
	int ret = stop_block_in_thread();

	if (ret != 0)
		(void)error_set(&e, STATUS_FAILED, -ret, "pthread_sigmask", "cannot block signals");
	else if (pin(self, &e) == 0)
		open_counters(self);
	pass_gate(threads);
	touch_stack();
	if (e.status == STATUS_OK)
		run_plan(self, &e);
	pmu_counters_close(self->pmu);
	if (e.status != STATUS_OK)
		threads_give_up(threads);
	(void)pthread_mutex_lock(&threads->lock);
	if (threads->error.status == STATUS_OK)
		threads->error = e;
	threads->finished++;
	(void)pthread_cond_broadcast(&threads->changed);
	(void)pthread_mutex_unlock(&threads->lock);
	return NULL;
}
