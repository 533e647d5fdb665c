/*
 * liar_bandwidth: 200 KB in each cycle: what bandwidth no memory has.
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
	result_end();
}
