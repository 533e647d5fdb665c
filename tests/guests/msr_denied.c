/*
 * msr_denied: reads an MSR that KVM answers, and no plan needs: the microcode's version (SDM vol. 4, IA32_BIOS_SIGN_ID). The
 * VMM must not let it: without a table of exceptions, the #GP is a triple fault.
 */
#include "guest.h"

static uint32_t msr_read(uint32_t number)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
	return low;
}

void guest_main(void)
{
	(void)msr_read(0x8b);
	guest_fail("it could read the microcode's version");
}
