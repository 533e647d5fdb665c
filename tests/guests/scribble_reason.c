/*
 * scribble_reason: the result has no figure for a reason that does not exist. A VMM that believes it reads past
 * its texts.
 */
#include "result.h"

void guest_main(void)
{
	struct vcpu_block *block = guest_block();

	result_begin(block);
	block->result.samples = 0;
	block->result.unavailable = 0xdecafbad;
	result_end();
}
