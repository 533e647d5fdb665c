/*
 * doorbell_unknown: doorbell values and widths that abi.h does not define. Counted as stray writes at most.
 */
#include "guest.h"

void guest_main(void)
{
	outl(PORT_DOORBELL, 0xdeadbeef);
	outb(PORT_DOORBELL, DOORBELL_END);
	outw(PORT_DOORBELL, DOORBELL_END);
	if (inl(PORT_DOORBELL) != 0xffffffff)
		guest_fail("the doorbell does not read as all ones");
}
