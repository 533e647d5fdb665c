/*
 * liar_pages: a chase over 256 pages that touched none of them: KVM has no leaves for them.
 */
#include "result.h"

void guest_main(void)
{
	struct vcpu_block *block = guest_block();

	result_begin(block);
	block->result.workload = WORKLOAD_chase;
	result_in_no_time(block, 4);
	result_end();
}
