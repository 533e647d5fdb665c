/*
 * scribble_workload: the result names a workload that does not exist. A VMM that believes it indexes past its table.
 */
#include "result.h"

void guest_main(void)
{
	struct vcpu_block *block = guest_block();

	result_begin(block);
	block->result.workload = WORKLOAD_COUNT;
	result_end();
}
