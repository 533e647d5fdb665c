/*
 * hello: a line on the serial port, and a clean end. It is what the smallest program around the VMM boots.
 */
#include "guest.h"

void guest_main(void)
{
	static const char text[] = "hello from a guest\n";

	outsb(PORT_SERIAL, text, sizeof(text) - 1);
}
