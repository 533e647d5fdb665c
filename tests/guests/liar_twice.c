/*
 * liar_twice: the result of the same step twice.
 */
#include "result.h"

void guest_main(void)
{
	for (uint32_t i = 0; i < 2; i++) {
		result_begin(guest_block());
		result_in_no_time(guest_block(), 4);
		result_end();
	}
}
