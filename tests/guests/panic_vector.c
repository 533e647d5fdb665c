/*
 * panic_vector: a panic record in good order but for a vector that no CPU has. It indexes no table of the VMM's.
 */
#include "guest.h"

void guest_main(void)
{
	guest_block()->magic = VCPU_BLOCK_MAGIC;
	guest_block()->abi_version = MINIVMM_ABI_VERSION;
	guest_block()->panic.vector = UINT64_C(0x123456789abcdef0);
	guest_exit(GUEST_EXIT_PANIC);
}
