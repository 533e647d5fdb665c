/*
 * flood_mmio: writes to more addresses without memory than the VMM keeps a note of. It counts them all, names the first
 * few, and neither grows nor ends for it.
 */
#include "guest.h"

#define PLACES 1000

void guest_main(void)
{
	for (uint32_t i = 0; i < PLACES; i++)
		*(volatile uint32_t *)(RAM_HOLE_START_GPA + 4096 + 64 * i) = i;
}
