/*
 * What workloads need beyond memory and a clock (NEEDS_*, WORKS_ALIASED of workload.h), against what is asked for.
 * Decided when planning, so that no one waits for a run that cannot give the figure. Pure.
 */
#ifndef MINIVMM_LAB_MEASURE_NEEDS_H
#define MINIVMM_LAB_MEASURE_NEEDS_H

#include <stdbool.h>

#include "vmm/lab/measure/spec.h"
#include "vmm/core/machine/config.h"

/* Whether the vCPUs get an APIC inside KVM: asked for, or not refused and needed by a workload. */
bool needs_apic(const struct run_spec *r);

/*
 * Whether the planned machine (all of *c but its steps) has what a workload needs. 0, or -EINVAL with STATUS_USAGE:
 * which workload, why not, and the options that cure it.
 */
int needs_check(const struct workload_info *workload, const struct run_spec *r, const struct config *c,
		struct error *e);

/* The least working set of a workload on that machine: 4 KiB, or two leaves. */
uint64_t needs_least_bytes(const struct workload_info *workload, const struct config *c);

#endif
