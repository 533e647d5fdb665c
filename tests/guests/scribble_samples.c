/*
 * scribble_samples: the result claims more samples than its block has room for. A VMM that believes it reads past the
 * block.
 */
#include "result.h"

void guest_main(void)
{
	struct vcpu_block *block = guest_block();

	result_begin(block);
	block->result.samples = RESULT_MAX_SAMPLES + 1;
	result_end();
}
