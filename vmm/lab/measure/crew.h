/*
 * The threads of a native run: each runs the whole plan on its slice of the arena and hands its results over.
 *
 * Everything that a thread uses is in the crew or behind it, so that a stuck thread can be abandoned together
 * with what it uses, while the rest of the program ends in good order.
 */
#ifndef MINIVMM_LAB_MEASURE_CREW_H
#define MINIVMM_LAB_MEASURE_CREW_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "driver.h"
#include "vmm/lab/record/record.h"
#include "vmm/util/error.h"

struct crew;

struct crew_member {
	struct crew *crew;
	pthread_t thread;
	uint32_t vcpu;
	struct phase_counts before; /* at begin() */
	struct pmu_counters *pmu;   /* NULL: not asked */
	struct guest_result result;
};

struct crew {
	/* fixed before the first thread starts */
	struct plan_step *steps;
	uint32_t step_count;
	unsigned char *arena;
	uint64_t arena_bytes, leaf_bytes, seed, tsc_khz;
	uint32_t refs_theory;
	const struct pmu_plan *pmu; /* of the record; NULL: nothing is counted */
	uint32_t pin_count;
	uint16_t pin[SPEC_MAX_CPUS];
	uint32_t size;    /* members that take part in the gate */
	bool crowded;     /* more threads than CPUs: who waits gives way */
	struct gate gate; /* atomics of the driver */
	bool give_up;     /* atomic: sticky */
	bool starved;     /* atomic: a page of the arena could not be had */

	pthread_mutex_t lock;
	pthread_cond_t changed; /* a member finished; CLOCK_MONOTONIC */
	/* under the lock */
	struct record *rec; /* NULL once the results are closed */
	uint32_t started, finished;
	struct error error; /* the first failure */

	struct crew_member members[];
};

/* A crew for the plan of rec->config on arena; NULL with *e set. crew_free() takes it back. */
struct crew *crew_new(struct record *rec, void *arena, uint64_t tsc_khz, struct error *e);

/* Only when all threads have finished (crew_wait); joins them. */
void crew_free(struct crew *crew);

/* Start all threads. -errno with *e set: those that did start are told to give up and still have to be awaited. */
int crew_start(struct crew *crew, struct error *e);

/* Ask all threads to end before their next sample. */
void crew_give_up(struct crew *crew);

/* Wait for the threads until deadline_ns (clock_ns()), at most 100 ms at a time. True: all have finished. */
bool crew_wait(struct crew *crew, uint64_t deadline_ns);

/* From now on no result is added to the record. The first failure of a thread, if any, goes to *e. */
void crew_close(struct crew *crew, struct error *e);

/* The thread's body (member.c). */
void *crew_member_main(void *member);

enum sigbus_cause {
	SIGBUS_NONE,
	SIGBUS_NO_PAGE,  /* the backing has run dry */
	SIGBUS_HARDWARE, /* the page's memory is faulty */
};

/* Catch SIGBUS from now on. One that no guard expects still ends the process, as it would have. */
int sigbus_guard_install(struct error *e);

/*
 * Call body(argument); when it touches a page of [start, start + bytes) that cannot be had, it is left there and then,
 * and the cause is returned. It must not hold a lock while it touches that memory.
 */
enum sigbus_cause sigbus_guard_call(void (*body)(void *), void *argument, const void *start, uint64_t bytes);

#endif
