/*
 * scribble_params: overwrites all that the VMM left for it in memory: start info, device tree and its own block. The VMM
 * wrote them once and never reads the first two back; a block in no order is no reason for an end that was orderly.
 */
#include "guest.h"

static void scribble(uint32_t gpa, uint32_t bytes)
{
	volatile uint32_t *to = (volatile uint32_t *)gpa;

	for (uint32_t i = 0; i < bytes / sizeof(*to); i++)
		to[i] = 0xa5a5a5a5;
}

void guest_main(void)
{
	scribble(START_INFO_GPA, START_INFO_BYTES);
	scribble(FDT_GPA, 4096);
	scribble(VCPU_BLOCKS_GPA, 4096);
}
