/*
 * The threads of a native run: each runs the whole plan on its slice of the arena and hands its results over.
 *
 * Everything that a thread uses is in struct native_threads or behind it, so that a stuck thread can be abandoned together
 * with what it uses, while the rest of the program ends in good order.
 */
#ifndef MINIVMM_LAB_MEASURE_NATIVE_H
#define MINIVMM_LAB_MEASURE_NATIVE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "driver.h"
#include "vmm/core/memory/sigbus.h"
#include "vmm/host/limits.h"
#include "vmm/lab/record/record.h"
#include "vmm/util/error.h"

struct native_threads;

struct native_thread {
	struct native_threads *all;
	pthread_t thread;
	uint32_t vcpu;
	struct phase_counts before; /* at begin() */
	uint64_t begin_ns;
	struct pmu_counters *pmu; /* NULL: not asked */
	struct guest_result result;
};

struct native_threads {
	/* fixed before the first thread starts */
	struct config config; /* a copy, as a stuck thread outlives the record */
	unsigned char *arena;
	uint64_t tsc_khz;
	uint32_t refs_theory;
	const struct pmu_plan *pmu; /* of the record; NULL: nothing is counted */
	uint32_t pin_count;
	uint16_t pin[SPEC_MAX_CPUS];
	struct limits quotas; /* of CPU time */
	struct sandbox sandbox;
	bool crowded;     /* more threads than CPUs: one that waits yields its CPU */
	struct gate gate; /* atomics of the driver */
	bool give_up;     /* atomic: sticky */

	pthread_mutex_t lock;
	pthread_cond_t changed; /* any of what follows; CLOCK_MONOTONIC */
	/* under the lock */
	struct record *rec;                  /* NULL once the results are closed */
	uint32_t started, finished, arrived; /* arrived: at the gate that threads_confine opens, or past it */
	bool open;
	struct error error;      /* the first failure */
	struct lost_memory lost; /* of the arena, the first that a thread met */

	struct native_thread thread[];
};

/* Only when all threads have finished (threads_wait); joins them. */
void threads_free(struct native_threads *threads);

/* Ask all threads to end before their next sample. */
void threads_give_up(struct native_threads *threads);

/* The thread's body (native_thread.c). */
void *native_thread_main(void *self);

#endif
