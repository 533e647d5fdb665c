/*
 * liar_touch: 256 pages touched for the first time, says it, and did nothing of that.
 */
#include "result.h"

void guest_main(void)
{
	struct vcpu_block *block = guest_block();

	result_begin(block);
	block->result.workload = WORKLOAD_touch;
	block->result.variant = VARIANT_FIRST;
	block->result.chains = 0;
	block->result.samples = 1;
	result_in_no_time(block, 256);
	block->result.touched_pages = 256;
	result_end();
}
