/*
 * doorbell_unknown: a doorbell number that abi.h does not define. A guest that speaks another language is ended.
 */
#include "guest.h"

void guest_main(void)
{
	outl(PORT_DOORBELL, 0xdeadbeef);
}
