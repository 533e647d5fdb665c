/*
 * The plan: one step a subnode of /minivmm,plan, in the order of the tree. Names become numbers here, so nothing
 * points into the tree afterwards (another VMM may have put it inside the arena).
 */
#include <libfdt.h>

#include "guest/start/params.h"

static const char *const names[WORKLOAD_COUNT] = {
#define WORKLOAD(id, name, ...) [WORKLOAD_##id] = name,
#include "workloads.def"
#undef WORKLOAD
};

static int read_step(const struct fdt_node *node, struct plan_step *step, struct text *why)
{
	const char *name;

	if (property_string(node, FDT_STEP_WORKLOAD, &name, why) != 0 ||
	    property_u64(node, FDT_STEP_WORKING_SET_BYTES, &step->working_set_bytes, why) != 0 ||
	    property_u64(node, FDT_STEP_STRIDE_BYTES, &step->stride_bytes, why) != 0 ||
	    property_u32(node, FDT_STEP_CHAINS, &step->chains, why) != 0 ||
	    property_u32(node, FDT_STEP_HISTOGRAM, &step->histogram, why) != 0 ||
	    property_u64(node, FDT_STEP_ACCESSES, &step->accesses, why) != 0 ||
	    property_u32(node, FDT_STEP_REPEAT, &step->repeat, why) != 0)
		return -1;
	if (step->repeat < 1 || step->repeat > RESULT_MAX_SAMPLES)
		return property_refuse(node, FDT_STEP_REPEAT, "outside 1..896", why);
	if (step->chains > CHAINS_MAX)
		return property_refuse(node, FDT_STEP_CHAINS, "more than 12", why);
	if (step->working_set_bytes == 0)
		return property_refuse(node, FDT_STEP_WORKING_SET_BYTES, "zero", why);
	for (int id = 0; id < WORKLOAD_COUNT; id++) {
		if (strcmp(names[id], name) == 0) {
			step->workload = (enum workload_id)id;
			return 0;
		}
	}
	(void)property_refuse(node, FDT_STEP_WORKLOAD, "this guest has no workload ", why);
	text_add(why, name);
	return -1;
}

int params_plan(const void *fdt, struct params *p, struct text *why)
{
	struct fdt_node plan = { fdt, fdt_path_offset(fdt, FDT_PATH_PLAN), FDT_PATH_PLAN };
	int offset;

	if (plan.offset == -FDT_ERR_NOTFOUND)
		return 0;
	if (plan.offset < 0)
		return property_refuse(&plan, NULL, fdt_strerror(plan.offset), why);
	fdt_for_each_subnode(offset, fdt, plan.offset)
	{
		struct fdt_node step = { fdt, offset, fdt_get_name(fdt, offset, NULL) };

		if (step.name == NULL || strncmp(step.name, "step@", 5) != 0)
			return property_refuse(&plan, NULL, "a subnode that is not step@I", why);
		if (p->step_count == PLAN_MAX_STEPS)
			return property_refuse(&plan, NULL, "more than 1024 steps", why);
		if (read_step(&step, &p->steps[p->step_count], why) != 0)
			return -1;
		p->step_count++;
	}
	return 0;
}

_Static_assert(RESULT_MAX_SAMPLES == 896 && PLAN_MAX_STEPS == 1024 && CHAINS_MAX == 12,
	       "as the messages say");
