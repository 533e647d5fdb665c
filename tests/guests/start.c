/*
 * The PVH entry of all negative guests: a stack, then guest_main(). A guest that returns has ended well.
 */
#include "guest.h"

static unsigned char stack[STACK_BYTES] __attribute__((aligned(16), used));

__attribute__((naked, section(".text.start"))) void _start(void)
{
	__asm__ volatile("movl $stack + %c0, %%esp\n\t"
			 "call guest_main\n\t"
			 "movb %1, %%al\n\t"
			 "outb %%al, %2\n"
			 "1:\tpause\n\t"
			 "jmp 1b"
			 :
			 : "i"(STACK_BYTES), "i"(GUEST_EXIT_OK), "i"(PORT_EXIT));
}
