/*
 * Is what the guest claims believable? Nothing in its block is trusted before this says so. Pure.
 */
#ifndef MINIVMM_LAB_MEASURE_RESULT_H
#define MINIVMM_LAB_MEASURE_RESULT_H

#include <stddef.h>
#include <stdint.h>

#include "abi.h"
#include "vmm/core/machine/config.h"

/* The header alone, before a phase starts. 0, or -EINVAL with the reason in why[0..why_bytes). */
int block_check(const struct vcpu_block *block, uint32_t vcpu, char *why, size_t why_bytes);

/*
 * The whole result of a phase that took elapsed_cycles by the host's TSC, which runs at the guest's rate: magic,
 * version, step and workload of the plan, a part that exists, counts within what was asked, and samples that fit
 * into the time that really passed. 0, or -EINVAL with the reason.
 */
int result_check(const struct vcpu_block *block, uint32_t vcpu, const struct config *config,
		 uint64_t elapsed_cycles, char *why, size_t why_bytes);

#endif
