/*
 * panic_record: a panic whose whole block is garbage. The vector indexes no table of the VMM's, no address in it
 * is followed, and the report is still one readable message.
 */
#include "guest.h"

void guest_main(void)
{
	volatile uint8_t *block = (volatile uint8_t *)VCPU_BLOCKS_GPA;

	for (uint32_t i = 0; i < offsetof(struct vcpu_block, result); i++)
		block[i] = (uint8_t)(0xf1 + 7 * i);
	guest_exit(GUEST_EXIT_PANIC);
}
