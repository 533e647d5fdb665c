/*
 * exit_codes: an exit value that abi.h does not define. The VMM must not take it for success.
 */
#include "guest.h"

void guest_main(void)
{
	guest_exit(0x7f);
}
