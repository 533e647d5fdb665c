/*
 * reset_port: the reset command of a PC's keyboard controller. There is none here: one more port nobody serves.
 */
#include "guest.h"

#define PORT_KEYBOARD_COMMAND 0x64
#define KEYBOARD_RESET 0xfe

void guest_main(void)
{
	outb(PORT_KEYBOARD_COMMAND, KEYBOARD_RESET);
}
