/*
 * plausible_result: the control of the scribble guests: the same block with nothing spoilt is believed.
 */
#include "result.h"

void guest_main(void)
{
	result_begin(guest_block());
	result_end();
}
