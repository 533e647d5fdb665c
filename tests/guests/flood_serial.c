/*
 * flood_serial: many thousand bytes on the serial port, every value among them, by repeated and by single writes,
 * never with a line end of their own. The VMM has to keep control characters off the terminal and its memory
 * bounded.
 */
#include "guest.h"

#define FLOOD_ROUNDS 64

void guest_main(void)
{
	static unsigned char bytes[1024];

	for (uint32_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i % 256 == '\n' ? 0x1b : i);
	for (uint32_t i = 0; i < FLOOD_ROUNDS; i++)
		outsb(PORT_SERIAL, bytes, sizeof(bytes));
	for (uint32_t i = 0; i < 256; i++)
		outb(PORT_SERIAL, (uint8_t)i);
	outw(PORT_SERIAL, 0x4142);
	outl(PORT_SERIAL, 0x43444546);
}
