/*
 * Workloads times working sets: the plan that the driver runs. Pure.
 */
#ifndef MINIVMM_MACHINE_STEPS_H
#define MINIVMM_MACHINE_STEPS_H

#include "vmm/machine/config.h"

/*
 * Fill c->steps from the request; c->map, vcpus, page_bytes and guest_page_bytes are decided already. By workload
 * in the order asked, then by working set. 0, or -errno with STATUS_USAGE: a working set below 4 KiB or above a
 * vCPU's slice of the arena (with the --memory that would do), or more than PLAN_MAX_STEPS steps.
 */
int steps_make(const struct request *r, struct config *c, struct error *e);

#endif
