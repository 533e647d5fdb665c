/*
 * scribble_unavailable: the result says that there is no figure, and brings samples all the same.
 */
#include "result.h"

void guest_main(void)
{
	struct vcpu_block *block = guest_block();

	result_begin(block);
	block->result.unavailable = UNAVAILABLE_X2APIC;
	result_end();
}
