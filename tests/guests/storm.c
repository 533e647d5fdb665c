/*
 * storm: doorbells, strings of them, ports and addresses that nobody has, phases that log dirty pages; without an end.
 * The watchdog ends it on time, and a day of it (e2e/test_soak.sh) leaves the VMM as small as it was.
 */
#include "result.h"

#define STRING_RINGS 64
#define NOBODYS_PORT 0x5a0

static uint32_t string[STRING_RINGS];

void guest_main(void)
{
	struct vcpu_block *block = guest_block();
	volatile uint32_t *nobodys = (uint32_t *)0xc0001000;

	result_begin(block);
	for (uint32_t i = 0; i < STRING_RINGS; i++)
		string[i] = DOORBELL_EMPTY;
	for (uint32_t i = 0;; i++) {
		block->result.workload = i % 4 == 0 ? WORKLOAD_dirty : UINT32_MAX;
		block->result.variant = i % 8 == 0 ? VARIANT_WRITE_LOGGED : VARIANT_READ_LOGGED;
		outl(PORT_DOORBELL, DOORBELL_MAIN);
		outl(PORT_DOORBELL, DOORBELL_BEGIN);
		outsl(PORT_DOORBELL, string, STRING_RINGS);
		outb(PORT_SERIAL, 0x1b);
		outw(NOBODYS_PORT, (uint16_t)i);
		nobodys[i % 1024] = i;
		(void)nobodys[i % 1024];
	}
}
