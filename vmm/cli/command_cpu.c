/*
 * Whose TLBs and caches the model has: a description by name, a file, or this machine.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/lab/calibrate/host_cpu.h"
#include "vmm/cli/command.h"

int command_cpu(const struct request *r, const char *otherwise, struct cpu_model **cpu, struct error *e)
{
	const char *name = r->model.cpu != NULL ? r->model.cpu : otherwise;
	struct cpu_model *made = calloc(1, sizeof(*made));
	int ret;

	if (made == NULL)
		return error_set(e, STATUS_FAILED, ENOMEM, "--cpu", "no memory for a description");
	ret = strcmp(name, "host") == 0 ? host_cpu_make(made, e) : cpu_load(name, made, e);
	if (ret == 0)
		*cpu = made;
	else
		free(made);
	return ret;
}
