/*
 * hlt: halts with interrupts off, so nothing ever wakes it. The VMM must not wait for ever, nor call it a success.
 */
#include "guest.h"

void guest_main(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}
