/*
 * The counters of one thread: opened in it, running only between begin and end, read outside what is timed. How plan and
 * counts are written. And perf_event_open(2) as this room uses it: one counter of one event, on the calling thread, on
 * whatever CPU it runs.
 */
#ifndef MINIVMM_LAB_PMU_COUNTERS_H
#define MINIVMM_LAB_PMU_COUNTERS_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "vmm/lab/pmu/plan.h"

/* One count of one phase, warm-up included. */
struct pmu_count {
	int64_t count;        /* scaled up where the counter ran only part of the time; -1: not known */
	double running_share; /* of the phase: below 1, more events than counters took turns; 0: it never ran */
};

/* By event of the plan and share; what the plan does not count that way is not known. */
struct pmu_counts {
	/* Operations between begin and end, warm-up included, for counts an operation; 0: not known. */
	uint64_t operations;
	struct pmu_count count[PMU_MAX_EVENTS][PMU_SHARES];
};

struct pmu_counters;

/*
 * Open what is available in *plan for the calling thread: each share as one group where the PMU takes it, so that
 * its events are counted over the same time, else event by event. NULL where plan is NULL, or there is no memory.
 * What cannot be opened after all stays unknown; *err is then the first errno and *event its index in the plan,
 * else *err is 0.
 */
struct pmu_counters *pmu_counters_open(const struct pmu_plan *plan, int *err, uint32_t *event);

/* Close and free; NULL is allowed. */
void pmu_counters_close(struct pmu_counters *counters);

/*
 * Around a phase, by the thread that opened them; NULL is allowed. start() is the last and stop() the first thing to
 * be done there.
 */
void pmu_counters_start(struct pmu_counters *counters);
void pmu_counters_stop(struct pmu_counters *counters);

/*
 * What was counted between the two, from malloc, with pmu_counts.operations = accesses x samples + warm_accesses.
 * NULL for NULL, and where there is no memory.
 */
struct pmu_counts *pmu_counters_read(struct pmu_counters *counters, uint64_t accesses, uint64_t samples,
				     uint64_t warm_accesses);

/* *sum and *term of two threads become what both did together: counts add up, the smaller running share stands. */
void pmu_counts_add(struct pmu_counts *sum, const struct pmu_counts *term);

/* How a plan reads as the member `pmu` of record and check; null for NULL. */
json_t *pmu_plan_json(const struct pmu_plan *plan);

/* The member `pmu` of a result: one entry an event of the plan; null where nothing was asked for or kept. */
json_t *pmu_counts_json(const struct pmu_plan *plan, const struct pmu_counts *counts);

/* The name of the event's role, else its own. */
const char *pmu_event_name(const struct pmu_event *event);

/*
 * What can be counted and what not, and why: one paragraph each, each reason once. `label` stands in front of the
 * first. Returns whether there is anything that can be counted.
 */
bool pmu_plan_text(const struct pmu_plan *plan, const char *label, FILE *out);

/* Three numbers that a read of a counter gives: its count, how long it was enabled, how long it really counted (ns). */
struct event_reading {
	uint64_t count, enabled_ns, running_ns;
};

/*
 * Open a counter for `share`: stopped, as the leader of a group, where leader_fd is -1; else as one of that group,
 * which counts whenever its leader does. (Members that are started one by one, though by one call, start late where
 * they are of another PMU: a page-fault counter behind a task clock lost a tenth.) The descriptor or -errno.
 */
int event_open(const struct pmu_code *code, enum pmu_share share, int leader_fd);

/* 0 or -errno. */
int event_read(int fd, struct event_reading *reading);

/* Start and stop the whole group that fd leads. Errors show in the times that event_read gives. */
void event_start(int leader_fd);
void event_stop(int leader_fd);

/*
 * Does the kernel keep guest and host apart for events of this type? It takes exclude_guest and exclude_host for
 * software events and tracepoints, and counts everything all the same (perf_exclude_event() in
 * kernel/events/core.c looks at user and kernel only).
 */
bool event_can_split(const struct pmu_code *code);

/* One sentence for the errno of event_open, with the cure where there is one. Returns buf. */
const char *event_refusal(int err, char *buf, size_t size);

#endif
