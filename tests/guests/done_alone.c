/*
 * done_alone: the only vCPU says that it has no more steps, and nobody is left to end the machine. The VMM has to see
 * that at once rather than wait for its watchdog.
 */
#include "guest.h"

void guest_main(void)
{
	outl(PORT_DOORBELL, DOORBELL_VCPU_DONE);
	guest_fail("it went on after its last doorbell");
}
