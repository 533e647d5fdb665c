/*
 * `minivmm pool show` and `minivmm pool plan`: read the pools, plan where asked, output.
 */
#include <errno.h>
#include <stdlib.h>

#include "units.h"
#include "vmm/cli/commands.h"
#include "vmm/host/pool/report.h"
#include "vmm/host/pool/emit.h"
#include "vmm/output/output.h"

static int render_text(const struct request *r, const struct pool_report *report,
		       const struct pool_plan *plan, FILE *out)
{
	return r->command == COMMAND_POOL_PLAN ? pool_plan_text(report, plan, out)
					       : pool_show_text(report, out);
}

static int render_json(const struct request *r, const struct pool_report *report,
		       const struct pool_plan *plan, FILE *out)
{
	return r->command == COMMAND_POOL_PLAN ? pool_plan_json(report, plan, out)
					       : pool_show_json(report, out);
}

static void write_out(const struct request *r, const struct pool_report *report, const struct pool_plan *plan,
		      FILE *out, struct error *e)
{
	struct output output;
	int ret = r->quiet ? 0 : render_text(r, report, plan, out);

	if (ret != 0)
		(void)error_set(e, STATUS_FAILED, -ret, "pool", "cannot write");
	if (r->json_path != NULL && output_open(&output, r->json_path, e) == 0)
		(void)output_close(&output, render_json(r, report, plan, output.stream), e);
}

enum status command_pool(const struct request *r, FILE *out, struct error *e)
{
	uint64_t page_bytes = r->run.machine.page_bytes != 0 ? r->run.machine.page_bytes : PAGE_2M;
	struct pool_plan plan = { .bytes = 0 };
	struct pool_report *report;
	const char *root;

	if (command_prepare(r, &root, e) != 0)
		return e->status;
	report = calloc(1, sizeof(*report));
	if (report == NULL) {
		(void)error_set(e, STATUS_FAILED, ENOMEM, "pool", "no memory for the report");
		return e->status;
	}
	pool_report_read(root, report);
	if (r->command != COMMAND_POOL_PLAN || pool_plan_make(report, r->run.machine.memory_bytes, page_bytes,
							      r->run.machine.host_nodes, &plan, e) == 0)
		write_out(r, report, &plan, out, e);
	free(report);
	return e->status;
}
