/*
 * hlt_apic: halts with an APIC inside KVM, which then waits for an interrupt itself and never comes back. Only the VMM
 * can end that, from outside.
 */
#include "guest.h"

void guest_main(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}
