/* A native run: the threads on their slices of the arena, awaited and given up. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vmm/core/memory/backing.h"
#include "vmm/lab/measure/native.h"

#include "vmm/host/limits.h"
#include "vmm/lab/measure/run.h"
#include "vmm/theory/walk/walk_list.h"
#include "vmm/util/clock.h"
#include "vmm/util/process.h"

#define WAKE_NS UINT64_C(100000000)

static int init_sync(struct native_threads *threads)
{
	pthread_condattr_t attr;
	int ret = pthread_condattr_init(&attr);

	if (ret != 0)
		return ret;
	ret = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (ret == 0)
		ret = pthread_cond_init(&threads->changed, &attr);
	(void)pthread_condattr_destroy(&attr);
	if (ret != 0)
		return ret;
	ret = pthread_mutex_init(&threads->lock, NULL);
	if (ret != 0)
		(void)pthread_cond_destroy(&threads->changed);
	return ret;
}

static void init_threads(struct native_threads *threads, struct record *rec, void *arena, uint64_t tsc_khz)
{
	const struct config *c = &rec->config;

	threads->rec = rec;
	threads->config = *c;
	threads->arena = arena;
	threads->tsc_khz = tsc_khz;
	threads->refs_theory = refs_theory(SECOND_NONE, 0, c->page_bytes, c->page_bytes);
	threads->pmu = rec->pmu;
	limits_add("", LIMIT_CPU, 0, &threads->quotas);
	threads->pin_count = rec->spec.machine.pin_count;
	memcpy(threads->pin, rec->spec.machine.pin, sizeof(threads->pin));
	/* Pinned threads may share a CPU, too. To yield costs nothing where no other thread waits for the CPU. */
	threads->crowded = c->vcpus > rec->host.cpus || threads->pin_count > 0;
	for (uint32_t i = 0; i < c->vcpus; i++) {
		threads->thread[i].all = threads;
		threads->thread[i].vcpu = i;
	}
}

/* The threads of the plan of rec->config on arena, not started yet; NULL with *e set. Freed by threads_free(). */
static struct native_threads *threads_new(struct record *rec, void *arena, uint64_t tsc_khz, struct error *e)
{
	uint32_t vcpus = rec->config.vcpus;
	struct native_threads *threads = calloc(1, sizeof(*threads) + vcpus * sizeof(threads->thread[0]));
	int ret = threads != NULL ? init_sync(threads) : ENOMEM;

	if (ret != 0) {
		(void)error_set(e, STATUS_FAILED, ret, "native", "no memory for %u threads", vcpus);
		free(threads);
		return NULL;
	}
	init_threads(threads, rec, arena, tsc_khz);
	return threads;
}

void threads_free(struct native_threads *threads)
{
	if (threads == NULL)
		return;
	for (uint32_t i = 0; i < threads->started; i++)
		(void)pthread_join(threads->thread[i].thread, NULL);
	(void)pthread_cond_destroy(&threads->changed);
	(void)pthread_mutex_destroy(&threads->lock);
	limits_free(&threads->quotas);
	sandbox_free(&threads->sandbox);
	free(threads);
}

/* Start all threads. -errno with *e set: those that did start are asked to end and still have to be awaited. */
static int threads_start(struct native_threads *threads, struct error *e)
{
	for (uint32_t i = 0; i < threads->config.vcpus; i++) {
		int ret = pthread_create(&threads->thread[i].thread, NULL, native_thread_main,
					 &threads->thread[i]);

		if (ret != 0) {
			ret = error_set(e, STATUS_FAILED, ret, "pthread_create", "no thread %u of %u", i,
					threads->config.vcpus);
			(void)limits_explain_task("", "pthread_create", e);
			threads_give_up(threads);
			return ret;
		}
		(void)pthread_mutex_lock(&threads->lock);
		threads->started++;
		(void)pthread_mutex_unlock(&threads->lock);
	}
	return 0;
}

/*
 * Confine this thread once all others have what they need, and let them go on. They keep their system calls, which `vpid` times
 * natively: what runs in them is no guest. -errno with *e set: they are to end.
 */
static int threads_confine(struct native_threads *threads, struct error *e)
{
	int ret;

	(void)pthread_mutex_lock(&threads->lock);
	while (threads->arrived < threads->started)
		(void)pthread_cond_wait(&threads->changed, &threads->lock);
	(void)pthread_mutex_unlock(&threads->lock);
	ret = e->status == STATUS_OK ? sandbox_give_up_root(&threads->sandbox, e) : 0;
	if (ret == 0 && e->status == STATUS_OK)
		ret = sandbox_enter(&threads->sandbox, SANDBOX_MAIN, 0, e);
	if (ret != 0)
		threads_give_up(threads);
	(void)pthread_mutex_lock(&threads->lock);
	threads->open = true;
	(void)pthread_cond_broadcast(&threads->changed);
	(void)pthread_mutex_unlock(&threads->lock);
	return ret;
}

void threads_give_up(struct native_threads *threads)
{
	__atomic_store_n(&threads->give_up, true, __ATOMIC_RELEASE);
}

/* Wait for the threads until deadline_ns (clock_ns()), at most 100 ms at a time. True: all have finished. */
static bool threads_wait(struct native_threads *threads, uint64_t deadline_ns)
{
	uint64_t wake_ns = clock_ns() + WAKE_NS;
	struct timespec wake;
	bool all;

	if (wake_ns > deadline_ns)
		wake_ns = deadline_ns;
	wake.tv_sec = (time_t)(wake_ns / NS_PER_S);
	wake.tv_nsec = (long)(wake_ns % NS_PER_S);
	(void)pthread_mutex_lock(&threads->lock);
	while (threads->finished < threads->started &&
	       pthread_cond_timedwait(&threads->changed, &threads->lock, &wake) == 0)
		;
	all = threads->finished == threads->started;
	(void)pthread_mutex_unlock(&threads->lock);
	return all;
}

/*
 * From now on no result is added to the record. The first failure of a thread, if any, goes to *e, and what memory was lost to
 * *lost.
 */
static void threads_close(struct native_threads *threads, struct lost_memory *lost, struct error *e)
{
	(void)pthread_mutex_lock(&threads->lock);
	threads->rec = NULL;
	*lost = threads->lost;
	if (threads->error.status != STATUS_OK && e->status == STATUS_OK)
		*e = threads->error;
	(void)pthread_mutex_unlock(&threads->lock);
}

/* Time that a thread that was asked to stop has to finish its sample. */
#define GRACE_NS (2 * NS_PER_S)

/* Wait until all threads have finished, the user stops the run or its time is over. True: no thread runs any more. */
static bool await(struct native_threads *threads, struct record *rec, struct error *e)
{
	uint64_t deadline_ns = clock_ns() + rec->spec.machine.timeout_s * NS_PER_S;
	bool finished = threads_wait(threads, deadline_ns);
	struct lost_memory lost;

	while (!finished && stop_requested() == 0 && !sigbus_noted(&lost) && clock_ns() < deadline_ns)
		finished = threads_wait(threads, deadline_ns);
	if (stop_requested() != 0) {
		record_reason(rec, VERDICT_INTERRUPTED, "stopped by signal %d; results are partial",
			      stop_requested());
	} else if (!finished && !sigbus_noted(&lost)) {
		(void)error_set(e, STATUS_WATCHDOG, ETIMEDOUT, "watchdog",
				"the workloads did not end within %u s and were stopped",
				rec->spec.machine.timeout_s);
		error_hint(e, "--timeout SEC allows more");
	}
	if (!finished) {
		threads_give_up(threads);
		for (uint64_t end_ns = clock_ns() + GRACE_NS; !finished && clock_ns() < end_ns;)
			finished = threads_wait(threads, end_ns);
	}
	return finished;
}

/* *idle: no thread uses the arena any more, so it may be unmapped. */
static int run_threads(struct record *rec, const struct backing *backing, void *arena, bool *idle,
		       struct error *e)
{
	uint64_t start_ns = clock_ns();
	struct native_threads *threads;
	struct lost_memory lost;

	if (rec->host.tsc_khz == 0)
		rec->host.tsc_khz = facts_tsc_khz();
	threads = threads_new(rec, arena, rec->host.tsc_khz, e);
	if (threads == NULL)
		return -ENOMEM;
	if (sandbox_prepare(&rec->spec.machine.sandbox, 0, &rec->machine.sandbox, &threads->sandbox, e) == 0)
		(void)threads_start(threads, e);
	(void)threads_confine(threads, e);
	*idle = await(threads, rec, e);
	threads_close(threads, &lost, e);
	if (e->status == STATUS_OK && (lost.code != 0 || sigbus_noted(&lost)))
		(void)loss_explain(backing, &lost, UINT64_MAX, ENOMEM, "no page behind a workload's access",
				   e);
	/* A stuck thread still uses the memory, which is therefore not freed. The process is about to end. */
	if (*idle)
		threads_free(threads);
	rec->machine.timing.workloads = clock_ns() - start_ns;
	if (e->status == STATUS_OK)
		return 0;
	return e->err > 0 ? -e->err : -EINVAL;
}

static int run_on(struct record *rec, struct backing *backing, struct error *e)
{
	const struct memmap *map = &rec->config.map;
	void *arena = backing_at(backing, map->arena_gpa, map->arena_bytes);
	struct error observe_error = { .status = STATUS_OK };
	bool idle = true;
	int ret;

	if (sigbus_catch(e) != 0)
		ret = -e->err;
	else if (arena == NULL)
		ret = error_set(e, STATUS_FAILED, EFAULT, "native", "the arena does not lie in the memory");
	else
		ret = run_threads(rec, backing, arena, &idle, e);
	if (ram_observe(backing, &rec->machine, &observe_error) != 0 && ret == 0) {
		*e = observe_error;
		ret = e->err > 0 ? -e->err : -EINVAL;
	}
	if (idle)
		ram_release(backing, &rec->machine);
	return ret;
}

int measure_native(struct record *rec, prealloc_progress progress, struct error *e)
{
	uint64_t start_ns = clock_ns();
	struct backing_spec spec;
	struct backing backing = { .fd = -1 };
	int ret;

	ret = measure_check_room(rec, e);
	if (ret == 0)
		ret = backing_resolve(&rec->spec.machine, &spec, e);
	if (ret != 0)
		return ret;
	spec.bytes = rec->config.ram_bytes;
	spec.align_bytes = memmap_congruence_bytes(spec.bytes);
	ret = ram_acquire(&rec->spec.machine, &spec, progress, &backing, &rec->machine, e);
	if (ret == 0)
		ret = run_on(rec, &backing, e);
	else if (stop_requested() != 0)
		record_reason(rec, VERDICT_INTERRUPTED, "stopped by signal %d before the workloads ran",
			      stop_requested());
	rec->machine.timing.total = clock_ns() - start_ns;
	return ret;
}
