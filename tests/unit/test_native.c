/*
 * A native run ends whatever its threads do: results that were complete are kept, memory is given back exactly when
 * no thread uses it any more. It could break by a thread that waits at the gate for one that failed, by unmapping
 * under a stuck thread, or by a result that arrives after the record was closed.
 */
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test.h"
#include "driver.h"
#include "units.h"
#include "vmm/lab/measure/native.h"
#include "vmm/lab/measure/run.h"

/* What the wrapped calls do; reset before each test. */
static struct {
	int (*run)(const struct driver_env *env, const char **failure); /* NULL: the real driver */
	uint32_t stop_signal;                                           /* atomic: what stop_requested says */
	uint32_t release;                                               /* atomic: stuck threads may go */
	uint32_t stuck;                                                 /* atomic: threads that are stuck */
	uint32_t threads_allowed;
	uint32_t unmaps;
	int prealloc_error;
	struct native_threads *threads; /* that of the last thread */
} fake;

int __real_driver_run(const struct driver_env *env, const char **failure);
int __wrap_driver_run(const struct driver_env *env, const char **failure);
int __wrap_stop_requested(void);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*body)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*body)(void *), void *arg);
void __real_backing_unmap(struct backing *b);
void __wrap_backing_unmap(struct backing *b);
int __real_prealloc_run(const struct backing *b, uint32_t threads, prealloc_progress progress,
			struct prealloc_stats *stats, struct error *e);
int __wrap_prealloc_run(const struct backing *b, uint32_t threads, prealloc_progress progress,
			struct prealloc_stats *stats, struct error *e);

int __wrap_driver_run(const struct driver_env *env, const char **failure)
{
	return fake.run != NULL ? fake.run(env, failure) : __real_driver_run(env, failure);
}

int __wrap_stop_requested(void)
{
	return (int)__atomic_load_n(&fake.stop_signal, __ATOMIC_SEQ_CST);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*body)(void *), void *arg)
{
	if (fake.threads_allowed == 0)
		return EAGAIN;
	fake.threads_allowed--;
	if (body == native_thread_main)
		fake.threads = ((struct native_thread *)arg)->all;
	return __real_pthread_create(thread, attr, body, arg);
}

void __wrap_backing_unmap(struct backing *b)
{
	fake.unmaps++;
	__real_backing_unmap(b);
}

int __wrap_prealloc_run(const struct backing *b, uint32_t threads, prealloc_progress progress,
			struct prealloc_stats *stats, struct error *e)
{
	if (fake.prealloc_error != 0)
		return error_set(e, STATUS_FAILED, fake.prealloc_error, "prealloc", "failed on purpose");
	return __real_prealloc_run(b, threads, progress, stats, e);
}

static struct record *make_record(uint32_t vcpus)
{
	struct record *rec = calloc(1, sizeof(*rec));
	struct config *c;

	assert_non_null(rec);
	memset(&fake, 0, sizeof(fake));
	fake.threads_allowed = 100;
	record_init(rec);
	rec->spec.machine.backing = BACKING_ANON;
	rec->spec.machine.vcpus = vcpus;
	rec->spec.machine.timeout_s = 60;
	/* For good, and with calls that the sanitizers make beside: tests/e2e/test_sandbox.sh has it. */
	rec->spec.machine.sandbox.wanted = CHOICE_OFF;
	rec->host.cpus = 1;
	rec->host.tsc_khz = 2000000;
	c = &rec->config;
	c->ram_bytes = 4 * MIB;
	c->page_bytes = PAGE_4K;
	c->guest_page_bytes = PAGE_4K;
	c->map.arena_bytes = c->ram_bytes;
	c->vcpus = vcpus;
	c->seed = 3;
	c->step_count = 2;
	c->steps[0] =
		(struct plan_step){ .workload = WORKLOAD_touch, .working_set_bytes = 1 * MIB, .repeat = 4 };
	c->steps[1] = (struct plan_step){
		.workload = WORKLOAD_chase, .working_set_bytes = 1 * MIB, .accesses = 4096, .repeat = 4
	};
	return rec;
}

static void free_record(struct record *rec)
{
	record_free(rec);
	free(rec);
}

TEST(plan_runs)
{
	LOOP (uint32_t, vcpus, 1, vcpus <= 2, vcpus++) {
		struct record *rec = make_record(vcpus);
		struct error e = { .status = STATUS_OK };
		int64_t first_faults = 0;

		assert_int_equal(measure_native(rec, NULL, &e), 0);
		assert_int_equal(e.status, STATUS_OK);
		assert_int_equal(rec->verdict, VERDICT_OK);
		assert_int_equal(rec->result_count, 3 * vcpus);
		LOOP (uint32_t, i, 0, i < rec->result_count, i++) {
			const struct result *r = &rec->results[i];
			bool first = r->variant == VARIANT_FIRST;

			assert_int_equal(r->pages, 256);
			assert_int_equal(r->may_exit, first);
			assert_int_equal(r->sample_count, first ? 1 : 4);
			assert_int_equal(r->counts.exits, -1);
			assert_int_equal(r->refs_theory, 4);
			first_faults += first ? r->counts.page_faults : 0;
		}
		/* 4K pages without THP: a fault for each page of each slice, and no other place to hide. */
		assert_true(first_faults >= 256 * (int64_t)vcpus);
		assert_int_equal(rec->machine.observed.page_bytes, PAGE_4K);
		assert_int_equal(fake.unmaps, 1);
		assert_true(rec->machine.timing.workloads > 0 &&
			    rec->machine.timing.total >= rec->machine.timing.workloads);
		assert_true(rec->machine.minor_faults >= 256);
		free_record(rec);
	}
}

static int fail_second(const struct driver_env *env, const char **failure)
{
	if (env->vcpu == 0)
		return __real_driver_run(env, failure);
	*failure = "failed on purpose";
	return -1;
}

TEST(failed_thread_frees_the_others)
{
	struct record *rec = make_record(2);
	struct error e = { .status = STATUS_OK };

	fake.run = fail_second;
	assert_true(measure_native(rec, NULL, &e) < 0);
	assert_int_equal(e.status, STATUS_FAILED);
	assert_non_null(strstr(e.what, "failed on purpose"));
	assert_int_equal(fake.unmaps, 1);
	free_record(rec);
}

/* ThreadSanitizer takes the mapping that follows for a write without a lock. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return "race:starve_second";
}

/* Thread 1 finds nothing behind its arena any more, as where a pool or a mount has run dry. */
static int starve_second(const struct driver_env *env, const char **failure)
{
	void *arena = env->arena;
	int fd;

	if (env->vcpu == 0)
		return __real_driver_run(env, failure);
	fd = memfd_create("nothing", 0);
	if (fd < 0 || mmap(arena, PAGE_4K, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) != arena)
		return -1;
	(void)close(fd);
	*(volatile char *)arena = 1;
	*failure = "it went on";
	return -1;
}

TEST(memory_that_runs_dry_is_an_error)
{
	struct record *rec = make_record(2);
	struct error e = { .status = STATUS_OK };

	rec->config.steps[0].workload = WORKLOAD_chase;
	rec->config.step_count = 1;
	fake.run = starve_second;
	assert_int_equal(measure_native(rec, NULL, &e), -ENOMEM);
	assert_int_equal(e.status, STATUS_FAILED);
	assert_non_null(strstr(e.where, "no page behind"));
	assert_non_null(strstr(e.where, "BUS_ADRERR"));
	assert_non_null(strstr(e.what, "of its 4 MiB"));
	assert_int_not_equal(e.hint[0], '\0');
	assert_int_equal(fake.unmaps, 1);
	free_record(rec);
}

TEST(missing_thread_frees_the_others)
{
	struct record *rec = make_record(2);
	struct error e = { .status = STATUS_OK };

	fake.threads_allowed = 1;
	assert_int_equal(measure_native(rec, NULL, &e), -EAGAIN);
	assert_int_equal(e.status, STATUS_FAILED);
	assert_string_equal(e.where, "pthread_create");
	assert_int_equal(rec->result_count, 0);
	assert_int_equal(fake.unmaps, 1);
	free_record(rec);
}

TEST(impossible_pin_is_an_error)
{
	struct record *rec = make_record(2);
	struct error e = { .status = STATUS_OK };

	rec->spec.machine.pin_count = 1;
	rec->spec.machine.pin[0] = 1023;
	assert_int_equal(measure_native(rec, NULL, &e), -EINVAL);
	assert_int_equal(e.status, STATUS_USAGE);
	assert_non_null(strstr(e.what, "CPU 1023"));
	free_record(rec);
}

/* Ends its first phase, then hears nothing until it is released, then tries to hand over another result. */
static int get_stuck(const struct driver_env *env, const char **failure)
{
	*failure = NULL;
	*env->result = (struct guest_result){ .workload = WORKLOAD_chase, .samples = 1, .accesses = 16 };
	env->result->samples_cycles[0] = 160;
	env->begin(env->self);
	env->end(env->self);
	(void)__atomic_add_fetch(&fake.stuck, 1, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&fake.release, __ATOMIC_SEQ_CST))
		(void)usleep(1000);
	env->begin(env->self);
	env->end(env->self);
	(void)__atomic_sub_fetch(&fake.stuck, 1, __ATOMIC_SEQ_CST);
	return 0;
}

TEST(stuck_thread_is_abandoned)
{
	struct record *rec = make_record(1);
	struct error e = { .status = STATUS_OK };

	fake.run = get_stuck;
	rec->spec.machine.timeout_s = 1;
	assert_int_equal(measure_native(rec, NULL, &e), -ETIMEDOUT);
	assert_int_equal(e.status, STATUS_WATCHDOG);
	assert_int_equal(fake.unmaps, 0);
	assert_int_equal(rec->result_count, 1);
	assert_int_equal(__atomic_load_n(&fake.stuck, __ATOMIC_SEQ_CST), 1);
	__atomic_store_n(&fake.release, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&fake.stuck, __ATOMIC_SEQ_CST) != 0)
		(void)usleep(1000);
	/* The late result found the record closed. */
	assert_int_equal(rec->result_count, 1);
	threads_free(fake.threads);
	free_record(rec);
}

static int stop_after_a_phase(const struct driver_env *env, const char **failure)
{
	*failure = NULL;
	*env->result = (struct guest_result){ .workload = WORKLOAD_chase, .samples = 1, .accesses = 16 };
	env->result->samples_cycles[0] = 160;
	env->begin(env->self);
	env->end(env->self);
	__atomic_store_n(&fake.stop_signal, 2, __ATOMIC_SEQ_CST);
	return __real_driver_run(env, failure);
}

TEST(signal_keeps_what_was_complete)
{
	struct record *rec = make_record(2);
	struct error e = { .status = STATUS_OK };

	fake.run = stop_after_a_phase;
	assert_int_equal(measure_native(rec, NULL, &e), 0);
	assert_int_equal(rec->verdict, VERDICT_INTERRUPTED);
	assert_int_equal(rec->result_count, 2);
	assert_int_equal(fake.unmaps, 1);
	free_record(rec);
}

TEST(failed_population_gives_memory_back)
{
	struct record *rec = make_record(1);
	struct error e = { .status = STATUS_OK };

	rec->spec.machine.populate = POPULATE_PREALLOC;
	fake.prealloc_error = ENOMEM;
	assert_int_equal(measure_native(rec, NULL, &e), -ENOMEM);
	assert_string_equal(e.what, "failed on purpose");
	assert_int_equal(fake.unmaps, 1);
	assert_int_equal(rec->result_count, 0);
	free_record(rec);
}

TEST(population_takes_the_faults)
{
	struct record *rec = make_record(1);
	struct error e = { .status = STATUS_OK };

	rec->spec.machine.populate = POPULATE_PREALLOC;
	assert_int_equal(measure_native(rec, NULL, &e), 0);
	assert_int_equal(rec->machine.prealloc_threads, 1);
	assert_true(rec->machine.timing.populate > 0);
	assert_int_equal(rec->results[0].variant, VARIANT_FIRST);
	/* 256 pages; what is left are AddressSanitizer's own shadow pages, one for eight. ThreadSanitizer has more than pages. */
#ifndef __SANITIZE_THREAD__
	assert_true(rec->results[0].counts.page_faults < 64);
#endif
	free_record(rec);
}

TEST(release_is_safe_on_nothing)
{
	struct record *rec = make_record(1);
	struct backing backing = { .fd = -1 };

	ram_release(&backing, &rec->machine);
	ram_release(&backing, &rec->machine);
	assert_int_equal(fake.unmaps, 0);
	free_record(rec);
}
