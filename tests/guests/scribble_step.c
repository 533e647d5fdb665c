/*
 * scribble_step: the result is of a step that was never planned.
 */
#include "bootparams.h"
#include "result.h"

void guest_main(void)
{
	struct vcpu_block *block = guest_block();

	result_begin(block);
	block->result.step = PLAN_MAX_STEPS + 7;
	result_end();
}
