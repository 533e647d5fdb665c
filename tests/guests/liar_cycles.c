/*
 * liar_cycles: the control of plausible_result, but of a CPU that follows 100,000 pointers in a cycle.
 */
#include "result.h"

void guest_main(void)
{
	struct vcpu_block *block = guest_block();

	result_begin(block);
	block->result.accesses = 100000;
	for (uint32_t i = 0; i < RESULT_SAMPLES; i++)
		block->result.samples_cycles[i] = 1;
	result_end();
}
