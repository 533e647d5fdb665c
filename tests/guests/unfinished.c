/*
 * unfinished: ends well, but without a single one of the results that were planned.
 */
#include "guest.h"

void guest_main(void)
{
	outl(PORT_DOORBELL, DOORBELL_MAIN);
}
