/*
 * scribble_variant: the result names a part of the workload that does not exist.
 */
#include "result.h"

void guest_main(void)
{
	struct vcpu_block *block = guest_block();

	result_begin(block);
	block->result.variant = 0xffffffff;
	result_end();
}
