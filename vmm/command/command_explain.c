/*
 * `minivmm explain`: one guest-virtual address, walked for real.
 */
#include "vmm/command/commands.h"

enum status command_explain(const struct request *r, FILE *out, struct error *e)
{
	(void)r;
	(void)out;
	(void)error_set(e, STATUS_FAILED, 0, "explain", "not there yet");
	return e->status;
}
