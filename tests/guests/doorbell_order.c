/*
 * doorbell_order: a phase ends that never began. There is nothing to measure against: not to be believed.
 */
#include "result.h"

void guest_main(void)
{
	struct vcpu_block *block = guest_block();

	block->magic = VCPU_BLOCK_MAGIC;
	block->abi_version = MINIVMM_ABI_VERSION;
	outl(PORT_DOORBELL, DOORBELL_MAIN);
	result_end();
}
