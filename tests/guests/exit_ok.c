/*
 * exit_ok: the control of all others. It does nothing and ends well: if this one fails, no other result counts.
 */
#include "guest.h"

void guest_main(void)
{
}
