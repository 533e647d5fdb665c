/*
 * unknown_port: reads and writes of all widths, single and repeated, on ports that nobody serves. The VMM counts
 * and reports them and goes on; reads float to all ones, as on a bus without a device.
 */
#include "guest.h"

#define PORT_NOBODY 0x5a0

void guest_main(void)
{
	static const unsigned char text[] = "nobody listens";

	outb(PORT_NOBODY, 0x12);
	outw(PORT_NOBODY, 0x1234);
	outl(PORT_NOBODY, 0x12345678);
	outl(0xfffc, 0x12345678);
	outsb(PORT_NOBODY, text, sizeof(text));
	if (inb(PORT_NOBODY) != 0xff || inw(PORT_NOBODY) != 0xffff || inl(PORT_NOBODY) != 0xffffffff ||
	    inb(0xffff) != 0xff)
		guest_fail("a port that nobody serves does not read as all ones");
}
