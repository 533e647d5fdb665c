/* Workloads times working sets times strides times chains: the steps that the driver runs. */
#include "vmm/lab/measure/plan.h"

#include <errno.h>

#include "units.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"

/* Of short samples and of long ones, where the user names no number. */
#define SAMPLES_SHORT 32
#define SAMPLES_LONG 10

static bool takes_turns(enum workload_id workload)
{
	return (workload_table[workload].needs & TAKES_TURNS) != 0;
}

static int add_step(const struct run_spec *r, enum workload_id workload, uint64_t set_bytes,
		    uint64_t stride_bytes, uint32_t chains, struct config *c, struct error *e)
{
	if (c->step_count == PLAN_MAX_STEPS)
		return error_set(e, STATUS_USAGE, 0, "plan",
				 "more than %d steps: fewer workloads or working sets are needed",
				 PLAN_MAX_STEPS);
	c->steps[c->step_count++] = (struct plan_step){
		.workload = workload,
		.working_set_bytes = set_bytes,
		.stride_bytes = stride_bytes,
		.chains = chains,
		.histogram = r->work.histogram && chains == 1,
		.accesses = r->work.accesses,
		.repeat = r->repeat != 0          ? r->repeat
			  : takes_turns(workload) ? SAMPLES_SHORT
						  : SAMPLES_LONG,
	};
	return 0;
}

/* None of the workload's working sets fits at any of its strides. */
static int refuse_strides(const struct workload_info *workload, uint64_t set_bytes, const struct config *c,
			  struct error *e)
{
	uint64_t span_bytes, enough_bytes = 0;
	char set[24], leaf[24], enough[24];
	int ret = error_set(e, STATUS_USAGE, 0, workload->name,
			    "the pages of a working set of %s, each in a page of %s of its own, do not fit",
			    size_format(set_bytes, set), size_format(c->guest_page_bytes, leaf));

	if (plan_is_native(c) && checked_mul(set_bytes / PAGE_4K, c->guest_page_bytes, &span_bytes))
		enough_bytes = plan_memory_for(c, span_bytes);
	if (enough_bytes != 0)
		error_hint(e, "--memory %s", size_format(enough_bytes, enough));
	else
		error_hint(e, "a smaller --working-set");
	return ret;
}

/* One step for each number of chains that is asked for; one where the workload has none. */
static int add_chains(const struct run_spec *r, enum workload_id id, uint64_t set_bytes,
		      uint64_t stride_bytes, struct config *c, struct error *e)
{
	bool has_chains = (workload_table[id].needs & WALKS_CYCLE) != 0;
	uint32_t count = has_chains && r->work.chain_count != 0 ? r->work.chain_count : 1;

	for (uint32_t i = 0; i < count && i < CHAINS_MAX; i++) {
		uint32_t chains = r->work.chain_count != 0 ? r->work.chains[i] : 1;
		char set[24], least[24];
		int ret;

		if (has_chains && chains > set_bytes / PAGE_4K) {
			ret = error_set(e, STATUS_USAGE, 0, "--chains",
					"%u chains start on as many pages, and a working set of %s has fewer",
					chains, size_format(set_bytes, set));
			error_hint(e, "--working-set %s", size_format(chains * PAGE_4K, least));
			return ret;
		}
		ret = add_step(r, id, set_bytes, stride_bytes, has_chains ? chains : 0, c, e);
		if (ret != 0)
			return ret;
	}
	return 0;
}

/*
 * By working set, then by stride. A stride and the control of as many lines, which are compared, are then measured one
 * after the other, and a busy moment of the host disturbs one point of all curves instead of a piece of one curve. The
 * control alone is refused, because there would be nothing to compare it with.
 */
static int add_workload(const struct run_spec *r, enum workload_id id, struct config *c, struct error *e)
{
	const struct workload_info *workload = &workload_table[id];
	uint64_t sets_bytes[SPEC_MAX_SETS] = { 0 }, strides_bytes[STRIDES_MAX] = { 0 };
	uint32_t stride_count, found = 0;
	int set_count = needs_check(workload, r, c, e);

	if (set_count == 0)
		set_count = sets_choose(r, workload, c, sets_bytes, e);
	if (set_count < 0)
		return set_count;
	stride_count = strides_of(workload->default_set, c, strides_bytes);
	for (int i = 0; i < set_count; i++) {
		for (uint32_t s = 0; s < stride_count; s++) {
			int ret;

			if (!strides_fit(workload->default_set, sets_bytes[i], strides_bytes[s], c))
				continue;
			ret = add_chains(r, id, sets_bytes[i], strides_bytes[s], c, e);
			if (ret != 0)
				return ret;
			found += strides_bytes[s] != CACHE_LINE_BYTES;
		}
	}
	return found > 0 ? 0 : refuse_strides(workload, sets_bytes[0], c, e);
}

/*
 * Default workloads that need distinct memory are skipped with --alias-memory. A list that the user typed is refused
 * instead.
 */
static bool skipped_when_aliased(const struct run_spec *r, enum workload_id id, const struct config *c)
{
	return !r->workloads_given && c->map.alias_bytes != 0 &&
	       (workload_table[id].needs & WORKS_ALIASED) == 0;
}

/* Of single loads there have to be some, and no more than the counters of a histogram hold. */
static int check_histogram(const struct run_spec *r, struct error *e)
{
	bool one_chain = r->work.chain_count == 0;
	int ret = 0;

	for (uint32_t i = 0; i < r->work.chain_count && i < CHAINS_MAX; i++)
		one_chain = one_chain || r->work.chains[i] == 1;
	if (!one_chain) {
		ret = error_set(e, STATUS_USAGE, 0, "--histogram",
				"it is of one load after the other, and --chains has no 1");
		error_hint(e, "--chains 1 among the others");
	} else if (r->work.accesses > HISTOGRAM_MOST_LOADS / max_u64(r->repeat, 1)) {
		ret = error_set(e, STATUS_USAGE, 0, "--histogram",
				"it counts up to %u loads, and --accesses times --repeat are more",
				HISTOGRAM_MOST_LOADS);
		error_hint(e, "a smaller --accesses or --repeat");
	}
	return ret;
}

/* Where something is asked of a cycle and no workload has one: nothing of it would be done. */
static int check_cycles(const struct run_spec *r, struct error *e)
{
	bool histogram = r->work.histogram;
	int ret;

	if (r->work.chain_count == 0 && !histogram)
		return 0;
	for (uint32_t i = 0; i < r->work.workload_count && i < SPEC_MAX_WORKLOADS; i++) {
		enum workload_id id = r->work.workloads[i];

		if ((uint32_t)id < WORKLOAD_COUNT && (workload_table[id].needs & WALKS_CYCLE) != 0)
			return histogram ? check_histogram(r, e) : 0;
	}
	ret = error_set(e, STATUS_USAGE, 0, histogram ? "--histogram" : "--chains",
			"none of these workloads follows a cycle of loads");
	error_hint(e, "--workload packed,chase");
	return ret;
}

static int make_steps(const struct run_spec *r, struct config *c, struct error *e)
{
	char names[128] = "";

	if (check_cycles(r, e) != 0)
		return -EINVAL;

	for (uint32_t i = 0; i < r->work.workload_count && i < SPEC_MAX_WORKLOADS; i++) {
		enum workload_id id = r->work.workloads[i];
		int ret;

		if ((uint32_t)id >= WORKLOAD_COUNT)
			return error_set(e, STATUS_FAILED, EINVAL, "plan", "no such workload");
		if (skipped_when_aliased(r, id, c)) {
			append(names, sizeof(names), "%s%s", names[0] != '\0' ? ", " : "",
			       workload_table[id].name);
			continue;
		}
		ret = add_workload(r, id, c, e);
		if (ret != 0)
			return ret;
	}
	if (names[0] != '\0')
		note_add(c, "%s left out of the default: they need distinct memory", names);
	return 0;
}

int plan_make(const struct run_spec *r, uint64_t page_bytes, struct config *c, struct error *e)
{
	int ret = r->native ? config_make_native(&r->machine, page_bytes, c, e)
			    : config_make(&r->machine, page_bytes, c, e);

	if (ret != 0)
		return ret;
	c->seed = r->work.seed;
	if (!r->native) {
		c->apic = needs_apic(r);
		if (needs_views(r) && c->map.alias_bytes == 0)
			memmap_add_views(&c->map, c->page_bytes);
	}
	ret = make_steps(r, c, e);
	return ret != 0 ? ret : turns_take(c, e);
}
