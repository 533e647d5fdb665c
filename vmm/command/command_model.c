/*
 * `minivmm model`: what theory says, without KVM.
 */
#include "vmm/command/commands.h"

enum status command_model(const struct request *r, FILE *out, struct error *e)
{
	(void)r;
	(void)out;
	(void)error_set(e, STATUS_FAILED, 0, "model", "not there yet");
	return e->status;
}
