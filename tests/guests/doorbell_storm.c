/*
 * doorbell_storm: every doorbell that needs no result, thousands of times, singly and as strings. Each is served, none
 * is kept: a guest cannot make the VMM grow, and a phase that begins again and again is only the last one.
 */
#include "guest.h"

#define RINGS 2000
#define STRING_RINGS 64

static uint32_t string[STRING_RINGS];

void guest_main(void)
{
	for (uint32_t i = 0; i < RINGS; i++) {
		outl(PORT_DOORBELL, DOORBELL_MAIN);
		outl(PORT_DOORBELL, DOORBELL_EMPTY);
		outl(PORT_DOORBELL, DOORBELL_BEGIN);
	}
	for (uint32_t i = 0; i < STRING_RINGS; i++)
		string[i] = DOORBELL_EMPTY;
	outsl(PORT_DOORBELL, string, STRING_RINGS);
}
