/*
 * scribble_stride: the result is of another stride than was planned.
 */
#include "result.h"

void guest_main(void)
{
	struct vcpu_block *block = guest_block();

	result_begin(block);
	block->result.stride_bytes = UINT64_C(1) << 39;
	result_end();
}
