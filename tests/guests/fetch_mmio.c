/*
 * fetch_mmio: jumps to where there is neither RAM nor a device. There is no instruction to emulate, so KVM gives up, and
 * the VMM says where.
 */
#include "guest.h"

void guest_main(void)
{
	((void (*)(void))(uintptr_t)RAM_HOLE_START_GPA)();
}
