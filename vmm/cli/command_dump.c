/*
 * What would run, as text and as the guest's device tree.
 */
#include <errno.h>
#include <stdlib.h>

#include "vmm/core/boot/boot.h"
#include "vmm/cli/command.h"
#include "vmm/lab/measure/plan.h"
#include "vmm/output/output.h"

static void dump_fdt(const char *path, const struct record *rec, struct error *e)
{
	char *blob = malloc(FDT_MAX_BYTES);
	size_t bytes = 0;

	if (blob == NULL)
		(void)error_set(e, STATUS_FAILED, ENOMEM, "malloc", "no memory for the device tree");
	else if (fdt_write(&rec->config, true, blob, FDT_MAX_BYTES, &bytes, e) == 0)
		(void)output_put(path, blob, bytes, e);
	free(blob);
}

enum status command_dump(const struct request *r, const struct record *rec, struct error *e)
{
	int ret = r->dump_config ? plan_dump(&rec->spec, &rec->config, r->out) : 0;

	if (ret != 0)
		(void)error_set(e, STATUS_FAILED, -ret, "stdout", "cannot write");
	if (r->dump_fdt_path != NULL && e->status == STATUS_OK)
		dump_fdt(r->dump_fdt_path, rec, e);
	return e->status;
}
