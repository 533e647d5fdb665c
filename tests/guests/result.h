/*
 * A plausible result of the step that expect.tsv asks for (packed, 1M, three samples): guests spoil one field of it.
 */
#ifndef TESTS_GUESTS_RESULT_H
#define TESTS_GUESTS_RESULT_H

#include "guest.h"
#include "workload.h"

#define RESULT_SAMPLES 3

/* A guest in ring 3 with its tables built; the VMM may insist on this order. */
static inline void result_begin(struct vcpu_block *block)
{
	block->magic = VCPU_BLOCK_MAGIC;
	block->abi_version = MINIVMM_ABI_VERSION;
	outl(PORT_DOORBELL, DOORBELL_MAIN);
	block->result.workload = WORKLOAD_packed;
	block->result.variant = VARIANT_ONLY;
	block->result.working_set_bytes = 1 << 20;
	block->result.pages = 256;
	block->result.accesses = 1000;
	block->result.chains = 1;
	outl(PORT_DOORBELL, DOORBELL_BEGIN);
	block->result.samples = RESULT_SAMPLES;
	for (uint32_t i = 0; i < RESULT_SAMPLES; i++)
		block->result.samples_cycles[i] = 5000;
}

/* The least time that is believed of any CPU, so that no clock is too slow for it: 4 accesses in a cycle. */
static inline void result_in_no_time(struct vcpu_block *block, uint32_t accesses)
{
	block->result.accesses = accesses;
	for (uint32_t i = 0; i < RESULT_SAMPLES; i++)
		block->result.samples_cycles[i] = (accesses + 3) / 4;
}

static inline void result_end(void)
{
	outl(PORT_DOORBELL, DOORBELL_END);
}

#endif
