/*
 * triple_fault: an exception with an interrupt table of no entries. The machine shuts down; the VMM has to say
 * so, with the guest's position, and not call it a success.
 */
#include "guest.h"

void guest_main(void)
{
	static const struct {
		uint16_t limit;
		uint32_t base_gva;
	} __attribute__((packed)) empty = { 0, 0 };

	__asm__ volatile("lidt %0; ud2" : : "m"(empty));
}
