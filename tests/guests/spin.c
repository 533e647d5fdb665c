/*
 * spin: never ends and never exits. Only the watchdog can end it.
 */
#include "guest.h"

void guest_main(void)
{
	for (;;)
		__asm__ volatile("");
}
