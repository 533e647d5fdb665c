/*
 * What this guest's vCPUs offer to workloads (workload.h, struct platform), and how fast their ring 0 is.
 */
#ifndef MINIVMM_GUEST_CPU_PLATFORM_H
#define MINIVMM_GUEST_CPU_PLATFORM_H

#include "abi.h"
#include "workload.h"

/* One for all vCPUs; pml4 is the boot PML4. */
void platform_start(struct platform *platform, uint64_t *pml4, uint64_t arena_gpa, int kernel_port);

/* Run the same loop in ring 0 and in ring 3 and write to the block how long each took. */
void platform_compare_rings(struct vcpu_block *block);

#endif
