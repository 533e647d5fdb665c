/*
 * perf_event_open(2) as this room uses it: one counter of one event, on the calling thread, on whatever CPU it runs;
 * and what a refusal means.
 */
#ifndef MINIVMM_LAB_PMU_EVENT_OPEN_H
#define MINIVMM_LAB_PMU_EVENT_OPEN_H

#include <stdbool.h>
#include <stddef.h>

#include "vmm/lab/pmu/plan.h"

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
