/*
 * liar_twice: the result of the same step twice.
 */
#include "result.h"

void guest_main(void)
{
	result_begin(guest_block());
	result_end();
	result_begin(guest_block());
	result_end();
}
