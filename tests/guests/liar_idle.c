/*
 * liar_idle: samples of more time than passed between its two doorbells.
 */
#include "result.h"

void guest_main(void)
{
	struct vcpu_block *block = guest_block();

	result_begin(block);
	for (uint32_t i = 0; i < RESULT_SAMPLES; i++)
		block->result.samples_cycles[i] = UINT64_C(1) << 40;
	result_end();
}
