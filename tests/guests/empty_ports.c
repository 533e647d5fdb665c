/*
 * empty_ports: the ports that are there to be left by, in both directions and as strings, some hundred times: each is
 * answered, and none is told of. The other widths are not these ports.
 */
#include "guest.h"

void guest_main(void)
{
	static const uint32_t words[4] = { 1, 2, 3, UINT32_MAX };

	for (uint32_t i = 0; i < 100; i++) {
		outl(PORT_USER, i);
		outl(PORT_KERNEL, i);
	}
	outsl(PORT_USER, words, 4);
	outsl(PORT_KERNEL, words, 4);
	if (inl(PORT_USER) != 0 || inl(PORT_KERNEL) != 0)
		guest_fail("an empty port reads as something");
	outw(PORT_USER, 1);
	outb(PORT_KERNEL, 1);
}
