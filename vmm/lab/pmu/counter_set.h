/*
 * The counters of a thread as data, for the files that open and read them.
 */
#ifndef MINIVMM_LAB_PMU_COUNTER_SET_H
#define MINIVMM_LAB_PMU_COUNTER_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/lab/pmu/counters.h"
#include "vmm/lab/pmu/event_open.h"

/* An event is counted for guest and host, or for the thread. */
#define PMU_MAX_COUNTERS (PMU_MAX_EVENTS * PMU_MAX_PARTS * 2)

/* No counter, in place of its index. */
#define PMU_NO_COUNTER (-1)

struct counter {
	int fd;
	bool leads; /* a group, maybe of itself alone: only leaders are started and stopped */
	struct pmu_code code;
	enum pmu_share share;
	bool started; /* `before` holds what it read at the start */
	struct event_reading before;
};

struct pmu_counters {
	struct pmu_plan plan; /* a copy: a thread that is stuck outlives the record */
	uint32_t count;
	struct counter counter[PMU_MAX_COUNTERS];
	/* Which counter has it, or PMU_NO_COUNTER. Two events may share one: what is counted twice costs a counter. */
	int16_t index[PMU_MAX_EVENTS][PMU_MAX_PARTS][PMU_SHARES];
};

#endif
