/*
 * Property: preallocation populates every page exactly where it was asked, with the number of threads that pays,
 * and whatever fails, in whichever thread, comes back as one error value with all threads joined. It could break in
 * the split into shares, in the gate when a thread cannot start, and on errors that some kernels return and others
 * do not. Failures are made by wrapping madvise, mlock, pthread_create and stop_requested.
 */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "units.h"
#include "vmm/core/memory/backing.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static struct {
	_Atomic int calls;    /* of MADV_POPULATE_WRITE */
	_Atomic int fail_at;  /* the countdown-th call and all after it fail; 0: none */
	_Atomic int fail_for; /* only so many of them; 0: all */
	int err;
	_Atomic int mlocks, munlocks, mlock_err;
	_Atomic int create_at;
	_Atomic int stop;
	useconds_t delay_us;
} hook;

int __real_madvise(void *addr, size_t len, int advice);
int __real_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *arg);
int __wrap_madvise(void *addr, size_t len, int advice);
int __wrap_mlock(const void *addr, size_t len);
int __wrap_munlock(const void *addr, size_t len);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *arg);
int __wrap_stop_requested(void);

int __wrap_madvise(void *addr, size_t len, int advice)
{
	int call;

	if (advice != MADV_POPULATE_WRITE)
		return __real_madvise(addr, len, advice);
	call = atomic_fetch_add(&hook.calls, 1) + 1;
	if (hook.delay_us != 0)
		(void)usleep(hook.delay_us);
	if (hook.fail_at == 0 || call < hook.fail_at ||
	    (hook.fail_for != 0 && call >= hook.fail_at + hook.fail_for))
		return __real_madvise(addr, len, advice);
	errno = hook.err;
	return -1;
}

int __wrap_mlock(const void *addr, size_t len)
{
	hook.mlocks++;
	if (hook.mlock_err == 0)
		return (int)syscall(SYS_mlock, addr, len); /* the sanitizer's own mlock does nothing */
	errno = hook.mlock_err;
	return -1;
}

int __wrap_munlock(const void *addr, size_t len)
{
	hook.munlocks++;
	return (int)syscall(SYS_munlock, addr, len);
}

int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *arg)
{
	if (hook.create_at != 0 && --hook.create_at == 0)
		return EAGAIN;
	return __real_pthread_create(t, a, f, arg);
}

int __wrap_stop_requested(void)
{
	return hook.stop;
}

static int setup(void **state)
{
	(void)state;
	memset(&hook, 0, sizeof(hook));
	return 0;
}

static struct backing map(uint64_t bytes)
{
	const struct backing_spec spec = { .kind = BACKING_ANON,
					   .page_bytes = PAGE_4K,
					   .bytes = bytes,
					   .align_bytes = PAGE_2M,
					   .reserve = true };
	struct backing b;
	struct error e = { 0 };

	assert_int_equal(backing_map(&spec, &b, &e), 0);
	return b;
}

/* Run over `bytes`, expect `ret`; the resident bytes afterwards. */
static uint64_t run(uint64_t bytes, uint32_t threads, int ret, struct prealloc_stats *stats, struct error *e)
{
	struct backing b = map(bytes);
	struct observed_memory seen;
	struct error none = { 0 };

	memset(e, 0, sizeof(*e));
	assert_int_equal(prealloc_run(&b, threads, NULL, stats, e), ret);
	assert_int_equal(e->err, -ret);
	/* A page that is not there is told as what it is, not as a bad address alone. */
	assert_true(ret != -EFAULT || strstr(e->what, "no page") != NULL);
	assert_int_equal(observe_backing("", &b, &seen, &none), 0);
	backing_unmap(&b);
	return seen.rss_bytes;
}

TEST_WITH(thread_counts, setup, NULL)
{
	assert_int_equal(prealloc_threads(8, 0, 1024, 2 * GIB), 8);
	assert_int_equal(prealloc_threads(8, 3, 1024, 2 * GIB), 3);
	assert_int_equal(prealloc_threads(8, 64, 1024, 2 * GIB), 8);
	assert_int_equal(prealloc_threads(8, 0, 2, 2 * GIB), 2);
	assert_int_equal(prealloc_threads(8, 0, 96, 192 * MIB), 3);
	assert_int_equal(prealloc_threads(8, 0, 16, 63 * MIB), 1);
	assert_int_equal(prealloc_threads(0, 0, 0, 0), 1);
	assert_int_equal(prealloc_threads(UINT32_MAX, UINT32_MAX, UINT64_MAX, UINT64_MAX), UINT32_MAX);
}

TEST_WITH(all_of_it, setup, NULL)
{
	struct prealloc_stats stats;
	struct error e;

	assert_int_equal(run(2 * MIB, 0, 0, &stats, &e), 2 * MIB);
	assert_int_equal(stats.threads, 1);
	/* An odd number of pages does not divide by two threads. */
	assert_int_equal(run(128 * MIB + PAGE_4K, 2, 0, &stats, &e), 128 * MIB + PAGE_4K);
	assert_true(stats.threads == 2 || sysconf(_SC_NPROCESSORS_ONLN) == 1);
	assert_true(stats.ns > 0);
}

TEST_WITH(interrupted_calls_are_repeated, setup, NULL)
{
	static const int errs[] = { EINTR, EAGAIN };
	struct prealloc_stats stats;
	struct error e;

	LOOP (size_t, i, 0, i < 2, i++) {
		memset(&hook, 0, sizeof(hook));
		hook.fail_at = 1;
		hook.fail_for = 3;
		hook.err = errs[i];
		assert_int_equal(run(2 * MIB, 1, 0, &stats, &e), 2 * MIB);
		assert_int_equal(hook.calls, 4);
	}
}

TEST_WITH(first_error_wins, setup, NULL)
{
	static const int errs[] = { EFAULT, ENOMEM, EHWPOISON, EPERM };
	struct prealloc_stats stats;
	struct error e;

	EACH (i, errs) {
		memset(&hook, 0, sizeof(hook));
		hook.fail_at = 2;
		hook.err = errs[i];
		(void)run(128 * MIB, 2, sysconf(_SC_NPROCESSORS_ONLN) > 1 ? -errs[i] : 0, &stats, &e);
		if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
			assert_string_equal(e.where, errs[i] == EHWPOISON ? "guest RAM" : "--prealloc");
	}
}

TEST_WITH(older_kernels_lock_instead, setup, NULL)
{
	struct prealloc_stats stats;
	struct error e;

	if (geteuid() != 0) {
		print_message("SKIP mlock: RLIMIT_MEMLOCK applies to other users than root\n");
		skip();
	}
	hook.fail_at = 1;
	hook.err = EINVAL;
	assert_int_equal(run(16 * MIB, 1, 0, &stats, &e), 16 * MIB);
	assert_int_equal(hook.mlocks, 1);
	assert_int_equal(hook.munlocks, 1);
	hook.mlock_err = ENOMEM;
	assert_int_equal(run(16 * MIB, 1, -ENOMEM, &stats, &e), 0);
	assert_int_equal(hook.munlocks, 2);
	assert_non_null(strstr(e.hint, "ulimit -l"));
}

TEST_WITH(a_thread_that_cannot_start, setup, NULL)
{
	struct prealloc_stats stats;
	struct error e;

	LOOP (int, at, 1, at <= 2, at++) {
		if (at == 2 && sysconf(_SC_NPROCESSORS_ONLN) < 2)
			break;
		hook.create_at = at;
		/* Those that did start do all of it; where there is none, the calling thread does. */
		assert_int_equal(run(128 * MIB + PAGE_4K, 2, 0, &stats, &e), 128 * MIB + PAGE_4K);
		assert_int_equal(stats.threads, 1);
		assert_true(stats.ns > 0);
	}
}

TEST_WITH(a_signal_stops_it, setup, NULL)
{
	struct prealloc_stats stats;
	struct error e;

	hook.stop = 15;
	assert_int_equal(run(2 * MIB, 1, -EINTR, &stats, &e), 0);
	assert_int_equal(e.status, STATUS_FAILED);
	assert_non_null(strstr(e.what, "signal 15"));
	assert_int_equal(hook.calls, 0);
}

static uint64_t seen_total;

static void progress(uint64_t done_bytes, uint64_t total_bytes, uint64_t elapsed_ns)
{
	assert_true(done_bytes <= total_bytes);
	assert_true(elapsed_ns > 0);
	seen_total = total_bytes;
}

TEST_WITH(progress_is_told, setup, NULL)
{
	struct backing b = map(2 * MIB);
	struct prealloc_stats stats;
	struct error e = { 0 };

	hook.delay_us = 500000;
	assert_int_equal(prealloc_run(&b, 1, progress, &stats, &e), 0);
	assert_int_equal(seen_total, 2 * MIB);
	backing_unmap(&b);
}

TEST_WITH(more_than_there_is, setup, NULL)
{
	/* Never mapped: the refusal comes before any touch. */
	struct backing b = {
		.hva = &hook,
		.fd = -1,
		.spec = { .kind = BACKING_ANON, .page_bytes = PAGE_4K, .bytes = UINT64_C(1) << 50 }
	};
	struct prealloc_stats stats;
	struct error e = { 0 };

	assert_int_equal(prealloc_run(&b, 0, NULL, &stats, &e), -ENOMEM);
	assert_non_null(strstr(e.what, "MemAvailable"));
	assert_int_equal(hook.calls, 0);
	b.hva = NULL;
	memset(&e, 0, sizeof(e));
	assert_int_equal(prealloc_run(&b, 0, NULL, &stats, &e), -EINVAL);
}
