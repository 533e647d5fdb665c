/*
 * scribble_huge: every byte of the block is overwritten with 0xff, then a phase begins and ends.
 */
#include "guest.h"

void guest_main(void)
{
	volatile uint8_t *block = (volatile uint8_t *)VCPU_BLOCKS_GPA;

	outl(PORT_DOORBELL, DOORBELL_MAIN);
	for (uint32_t i = 0; i < sizeof(struct vcpu_block); i++)
		block[i] = 0xff;
	outl(PORT_DOORBELL, DOORBELL_BEGIN);
	outl(PORT_DOORBELL, DOORBELL_END);
}
