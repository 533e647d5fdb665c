/*
 * `minivmm pool show` and `minivmm pool plan`: read the pools, plan where asked, output.
 */
#include <errno.h>
#include <stdlib.h>

#include "units.h"
#include "vmm/cli/command.h"
#include "vmm/host/pool/pool.h"
#include "vmm/output/output.h"

struct pools {
	struct pool_report report;
	struct pool_use use;
	struct pool_plan plan;
};

OUTPUT_WRITER(show_text, const struct pools *p, pool_show_text(&p->report, out))
OUTPUT_WRITER(show_json, const struct pools *p, pool_show_json(&p->report, out))
OUTPUT_WRITER(plan_text, const struct pools *p, pool_plan_text(&p->report, &p->use, &p->plan, out))
OUTPUT_WRITER(plan_json, const struct pools *p, pool_plan_json(&p->report, &p->use, &p->plan, out))

enum status command_pool(const struct request *r, struct error *e)
{
	static const struct output_writers show = { .text = show_text, .json = show_json };
	static const struct output_writers plan = { .text = plan_text, .json = plan_json };
	const bool plans = r->command == COMMAND_POOL_PLAN;
	const struct machine_spec *m = &r->run.machine;
	struct pools *pools;
	enum status status;
	const char *root;

	if (command_prepare(r, &root, e) != 0)
		return e->status;
	pools = calloc(1, sizeof(*pools));
	if (pools == NULL) {
		(void)error_set(e, STATUS_FAILED, ENOMEM, "pool", "no memory for the report");
		return e->status;
	}
	pools->use = (struct pool_use){ .page_bytes = m->page_bytes != 0 ? m->page_bytes : PAGE_2M,
					.bytes = m->memory_bytes,
					.nodes = m->host_nodes };
	pool_report_read(root, &pools->report);
	if ((plans ? pool_plan_make(&pools->report, &pools->use, &pools->plan, e)
		   : pool_report_check(&pools->report, e)) == 0)
		(void)outputs_write(&r->output, plans ? &plan : &show, pools, "pool", e);
	/* The output says why. */
	status = e->status;
	if (status == STATUS_OK && plans && !pool_plan_fits(&pools->plan))
		status = STATUS_REQUIRE;
	pool_report_free(&pools->report);
	free(pools);
	return status;
}
