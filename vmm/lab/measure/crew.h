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
	struct config config; /* a copy, as a stuck thread outlives the record */
	unsigned char *arena;
	uint64_t tsc_khz;
	uint32_t refs_theory;
	const struct pmu_plan *pmu; /* of the record; NULL: nothing is counted */
	uint32_t pin_count;
	uint16_t pin[SPEC_MAX_CPUS];
	bool crowded;     /* more threads than CPUs: one that waits yields its CPU */
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

/* Only when all threads have finished (crew_wait); joins them. */
void crew_free(struct crew *crew);

/* Ask all threads to end before their next sample. */
void crew_give_up(struct crew *crew);

/* The thread's body (member.c). */
void *crew_member_main(void *member);

/* Catch SIGBUS from now on. One that no guard expects still ends the process, as it would have. */
int sigbus_guard_install(struct error *e);

#endif
