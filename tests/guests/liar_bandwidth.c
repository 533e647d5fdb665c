/*
 * liar_bandwidth: a gigabyte in a cycle: what bandwidth no memory has.
 */
#include "result.h"

void guest_main(void)
{
	struct vcpu_block *block = guest_block();

	result_begin(block);
	block->result.workload = WORKLOAD_seq;
	block->result.variant = VARIANT_READ;
	block->result.chains = 0;
	block->result.accesses = 1048576000;
	for (uint32_t i = 0; i < RESULT_SAMPLES; i++)
		block->result.samples_cycles[i] = 1;
	result_end();
}
