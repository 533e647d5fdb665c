/*
 * Workloads times working sets: the plan that the driver runs. Pure.
 */
#ifndef MINIVMM_LAB_MEASURE_STEPS_H
#define MINIVMM_LAB_MEASURE_STEPS_H

#include "vmm/core/machine/config.h"

/*
 * Fill c->steps from the request; all else of *c is decided already. By workload in the order asked, then by stride
 * where it has one, then by working set. 0, or -errno with STATUS_USAGE: a workload that this machine lacks something
 * for (needs.h), a working set too small or above a vCPU's slice of the arena (with the --memory that would do), or
 * more than PLAN_MAX_STEPS steps.
 */
int steps_make(const struct run_spec *r, struct config *c, struct error *e);

#endif
