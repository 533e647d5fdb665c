/*
 * scribble_ring0: the guest withholds its figure for the reason that is the VMM's alone to give.
 */
#include "result.h"

void guest_main(void)
{
	struct vcpu_block *block = guest_block();

	result_begin(block);
	block->result.samples = 0;
	block->result.unavailable = UNAVAILABLE_RING0;
	result_end();
}
