/*
 * crowd: two vCPUs write the console, ports and addresses that nobody serves, and ring, all at the same time. What the VMM keeps of
 * it is complete: each write is counted once. Both run on one stack; nothing that differs between them lies there.
 */
#include "guest.h"

#define WRITES 500
#define NOBODYS_PORT 0x5a0
#define HOLE_GPA (RAM_HOLE_START_GPA + 0x1000)

static uint32_t arrived, ready;

/* Both go on once both are here. */
static void meet(uint32_t *here)
{
	(void)__atomic_add_fetch(here, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(here, __ATOMIC_SEQ_CST) < 2)
		__asm__ volatile("pause");
}

void guest_main(void)
{
	meet(&arrived);
	for (register uint32_t i = 0; i < WRITES; i++) {
		outb(PORT_SERIAL, 'x');
		outb(NOBODYS_PORT, 1);
		(void)inb(NOBODYS_PORT);
		*(volatile uint32_t *)HOLE_GPA = 1;
		outl(PORT_DOORBELL, DOORBELL_EMPTY);
	}
	/* The end of one is the end of both. */
	meet(&ready);
}
