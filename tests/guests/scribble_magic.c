/*
 * scribble_magic: the block's magic number is overwritten before the result is handed over. Nothing else in it may be
 * believed then.
 */
#include "result.h"

void guest_main(void)
{
	struct vcpu_block *block = guest_block();

	result_begin(block);
	block->magic = 0x5c51bb1e;
	result_end();
}
