/*
 * doorbell_width: the doorbell is a 32-bit write. Narrow writes, neighbours and reads are strays: no phase ends.
 */
#include "guest.h"

void guest_main(void)
{
	outb(PORT_DOORBELL, DOORBELL_END);
	outw(PORT_DOORBELL, DOORBELL_END);
	outb(PORT_DOORBELL + 1, DOORBELL_END);
	if (inl(PORT_DOORBELL) != 0xffffffff)
		guest_fail("the doorbell does not read as all ones");
}
