/*
 * `--pmu help`: the roles, and the events of this very CPU that play them.
 */
#include <errno.h>
#include <stdlib.h>

#include "vmm/cli/command.h"
#include "vmm/lab/pmu/plan.h"

/* Names stay on one line, however long, so that they can be copied. */
static int put_role(const struct pmu_event *event, FILE *out)
{
	int ret = fprintf(out, "  %-19s %s\n%22s%s\n", pmu_role_name(event->role),
			  pmu_role_meaning(event->role), "",
			  event->name[0] != '\0' ? event->name : "no such event");

	if (ret < 0 || event->note[0] == '\0')
		return ret;
	return fprintf(out, "%22s(%s)\n", "", event->note);
}

static int put_help(const struct pmu_plan *plan, FILE *out)
{
	int ret = fprintf(
		out,
		"--pmu LIST: off, default (all roles below), or a list, with commas, of\n"
		"  - roles;\n"
		"  - events by libpfm4's name, as in skx::DTLB_STORE_MISSES:WALK_COMPLETED,\n"
		"    perf::PAGE-FAULTS or perf_raw::r0808; :u and :k count user or kernel mode alone.\n"
		"`run` counts the guest's events and, beside them, those of its thread outside the guest.\n"
		"More events than the CPU has counters take turns, and are scaled up; the record says so.\n"
		"`minivmm check` says which of them the kernel would count here.\n\n"
		"This CPU: %s (%s)\nSource: %s\n\nRoles:\n",
		plan->pmu, plan->model->title, plan->model->source);

	for (uint32_t i = 0; i < plan->event_count && ret >= 0; i++)
		ret = put_role(&plan->events[i], out);
	return ret < 0 || fflush(out) != 0 ? -1 : 0;
}

enum status command_pmu_help(const struct request *r, struct error *e)
{
	struct pmu_plan *plan = NULL;

	if (pmu_plan_new(PMU_DEFAULT_LIST, &plan, e) != 0)
		return e->status;
	if (put_help(plan, r->program.out) != 0)
		(void)error_set(e, STATUS_FAILED, errno, "stdout", "cannot write");
	free(plan);
	return e->status;
}
