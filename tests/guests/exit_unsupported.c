/*
 * exit_unsupported: the guest says that this CPU cannot do what was asked. That is neither success nor failure.
 */
#include "guest.h"

void guest_main(void)
{
	guest_block()->magic = VCPU_BLOCK_MAGIC;
	guest_block()->abi_version = MINIVMM_ABI_VERSION;
	guest_message("the moon is not in the right phase");
	guest_exit(GUEST_EXIT_UNSUPPORTED);
}
