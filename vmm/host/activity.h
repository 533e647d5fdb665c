/*
 * What the whole host counts, read before and after something: who else was there meanwhile.
 */
#ifndef MINIVMM_HOST_ACTIVITY_H
#define MINIVMM_HOST_ACTIVITY_H

#include <stdint.h>

/* Counters since boot, all CPUs and nodes together. -1: not known. */
struct host_activity {
	int64_t steal_ns;                   /* time that a hypervisor below gave to others (proc(5): stat) */
	int64_t minor_faults, major_faults; /* pgfault - pgmajfault, pgmajfault (/proc/vmstat) */
	int64_t numa_hit, numa_miss;        /* pages where the policy wanted them, and elsewhere */
};

/* Read it below `root` ("" is the real host). Never fails: what cannot be read is -1. */
void activity_read(const char *root, struct host_activity *a);

/* What was counted between two readings; -1 where one of them is not known. Pure. */
struct host_activity activity_since(const struct host_activity *before, const struct host_activity *after);

#endif
