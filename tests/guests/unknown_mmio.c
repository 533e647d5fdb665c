/*
 * unknown_mmio: writes and reads of all widths in the hole below 4 GiB, where there is neither RAM nor a device.
 * The VMM counts and reports them and goes on; reads float to all ones.
 */
#include "guest.h"

#define HOLE_GPA (RAM_HOLE_START_GPA + 0x1000)

void guest_main(void)
{
	volatile uint32_t *word = (volatile uint32_t *)HOLE_GPA;
	volatile uint8_t *byte = (volatile uint8_t *)HOLE_GPA;

	*word = 0x12345678;
	byte[7] = 0x12;
	if (*word != 0xffffffff || byte[3] != 0xff)
		guest_fail("an address without memory does not read as all ones");
}
