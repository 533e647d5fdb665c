/*
 * scribble_cycles: a sample took longer than the whole phase around it, as the host saw it.
 */
#include "result.h"

void guest_main(void)
{
	struct vcpu_block *block = guest_block();

	result_begin(block);
	block->result.samples_cycles[1] = UINT64_MAX / 2;
	result_end();
}
