/*
 * bad_message: the guest gives up with a message that has no end and holds terminal control sequences. The VMM
 * must not read on behind it, nor pass the controls on.
 */
#include "guest.h"

void guest_main(void)
{
	static const char controls[] = "\033[7m";
	struct vcpu_block *block = guest_block();

	block->magic = VCPU_BLOCK_MAGIC;
	block->abi_version = MINIVMM_ABI_VERSION;
	for (uint32_t i = 0; i < sizeof(block->message); i++)
		block->message[i] = controls[i % (sizeof(controls) - 1)];
	guest_exit(GUEST_EXIT_FAILED);
}
