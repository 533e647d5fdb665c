/* Checks over several options: those that contradict or need each other. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "units.h"
#include "vmm/cli/options.h"
#include "vmm/core/memory/backing.h"
#include "vmm/util/size.h"
#include "vmm/util/workloads.h"

static int check_backing(struct parse *p)
{
	const struct request *r = p->r;
	char size[24];

	if (p->r->given[OPTION_MEM_PATH] && p->r->given[OPTION_BACKING])
		return error_set(p->e, STATUS_USAGE, 0, "--backing",
				 "--mem-path names the backing itself, so --backing cannot be given with it; "
				 "--page-size insists on a page size");
	if (!p->r->given[OPTION_PAGE_SIZE] || p->r->given[OPTION_MEM_PATH])
		return 0;
	if (!backing_type_has_page(backing_type(r->run.machine.backing), r->run.machine.page_bytes))
		return error_set(
			p->e, STATUS_USAGE, 0, "--page-size",
			"%s contradicts --backing %s: anon has 4K, thp 2M, hugetlb 2M or 1G, memfd any",
			size_format(r->run.machine.page_bytes, size), backing_name(r->run.machine.backing));
	return 0;
}

/* `pool plan` is about pools, so it has no 4K pages. */
static int check_plan(struct parse *p)
{
	if (p->r->given[OPTION_PAGE_SIZE] && p->r->run.machine.page_bytes == PAGE_4K)
		return error_set(p->e, STATUS_USAGE, 0, "--page-size",
				 "4K pages come from no pool; 2M or 1G is expected");
	return 0;
}

static int check_output(struct parse *p)
{
	const struct request *r = p->r;

	if (r->output.json != NULL && r->output.csv != NULL && strcmp(r->output.json, r->output.csv) == 0)
		return error_set(p->e, STATUS_USAGE, 0, "--json and --csv",
				 "both name '%s'; only one of them can be written there", r->output.json);
	if (r->output.svg != NULL && r->output.json != NULL && strcmp(r->output.json, r->output.svg) == 0)
		return error_set(p->e, STATUS_USAGE, 0, "--json and --svg",
				 "both name '%s'; only one of them can be written there", r->output.json);
	if (r->output.quiet && r->verbose)
		return error_set(p->e, STATUS_USAGE, 0, "--quiet and --verbose",
				 "only one of them is accepted");
	if (r->output.quiet && r->tap)
		return error_set(p->e, STATUS_USAGE, 0, "--quiet and --tap", "only one of them is accepted");
	return 0;
}

/* Whether memory is populated beforehand; for a sweep that is an axis. */
static bool populates(const struct parse *p)
{
	const struct sweep_spec *s = &p->r->sweep;

	if (p->r->command != COMMAND_SWEEP)
		return p->r->given[OPTION_PREALLOC];
	return s->axes[AXIS_PREALLOC].count > 1 || s->axes[AXIS_PREALLOC].list[0].number != POPULATE_LAZY;
}

static int check_memory(struct parse *p)
{
	bool sweep = p->r->command == COMMAND_SWEEP;

	if (p->r->given[OPTION_POLICY] && !p->r->given[OPTION_HOST_NODES])
		return error_set(p->e, STATUS_USAGE, 0, "--policy",
				 "needs --host-nodes, which says on which NUMA nodes");
	if (p->r->given[OPTION_PREALLOC_THREADS] && !populates(p))
		return error_set(p->e, STATUS_USAGE, 0, "--prealloc-threads",
				 "needs --prealloc%s: without it nothing is populated beforehand",
				 sweep ? " on or prefault" : "");
	return 0;
}

static int check_sweep(struct parse *p)
{
	const char *path = p->r->output.json;

	if (p->r->sweep.resume && (path == NULL || strcmp(path, "-") == 0))
		return error_set(p->e, STATUS_USAGE, 0, "--resume",
				 "needs --json FILE, a file with the name that the interrupted sweep had");
	if (versus_options_check(p) != 0)
		return -EINVAL;
	return baseline_check(p);
}

static int check_compare(struct parse *p)
{
	if (p->r->compare.paths[0] == NULL)
		return error_set(
			p->e, STATUS_USAGE, 0, "compare",
			"two files of minivmm sweep --json are expected, as in minivmm compare A.json B.json, "
			"or one of a sweep with --versus");
	return 0;
}

static int check_model(struct parse *p)
{
	const struct {
		enum walk_kind kind;
		enum option_id option;
		const char *why;
	} pointless[] = {
		{ WALK_UNPAGED, OPTION_MODEL_PAGE, "a guest without paging has no page tables" },
		{ WALK_UNPAGED, OPTION_GUEST_LEVELS, "a guest without paging has no page tables" },
		{ WALK_NATIVE, OPTION_HOST_PAGE,
		  "natively there is one dimension, --guest-page is its page" },
		{ WALK_NATIVE, OPTION_HOST_LEVELS, "natively there is one dimension, with --guest-levels" },
		{ WALK_SHADOW, OPTION_HOST_LEVELS, "a shadow table has as many levels as the guest's" },
	};
	const struct request *r = p->r;
	char where[32];

	for (size_t i = 0; r->model.kind_given && i < COUNT_OF(pointless); i++) {
		if (r->model.kind != pointless[i].kind || !p->r->given[pointless[i].option])
			continue;
		(void)snprintf(where, sizeof(where), "--%s", option_table[pointless[i].option].name);
		return error_set(p->e, STATUS_USAGE, 0, where, "it means nothing with --kind %s: %s",
				 name_of(&walk_kind_names, r->model.kind), pointless[i].why);
	}
	for (uint32_t i = 0; p->r->given[OPTION_MODEL_WORKLOAD] && i < r->run.work.workload_count; i++) {
		const struct workload_info *workload = &workload_table[r->run.work.workloads[i]];

		if ((workload->needs & IS_SIMULATED) == 0)
			return error_set(p->e, STATUS_USAGE, 0, "--workload",
					 "%s cannot be simulated; packed, chase, alias and gups can",
					 workload->name);
	}
	return 0;
}

/* Options that mean something only beside others. */
static int check_needs(struct parse *p)
{
	const struct request *r = p->r;
	const bool model = r->command == COMMAND_MODEL, work = r->model.work_given;
	const struct {
		enum option_id option;
		bool met;
		const char *why;
	} needs[] = {
		{ OPTION_CPU, !model || work || r->model.memory_given,
		  "counts of references are the same on every CPU; --workload, --working-set or --memory asks for more" },
		{ OPTION_CPU, model || r->run.predict, "needs --predict, which is what the model is for" },
		{ OPTION_ACCESSES, !model || work,
		  "needs --workload or --working-set, whose loads are simulated" },
		{ OPTION_SEED, !model || work,
		  "needs --workload or --working-set, whose loads are simulated" },
		{ OPTION_THRESHOLD,
		  r->command == COMMAND_COMPARE || r->sweep.versus != NULL || r->sweep.versus_options != NULL,
		  "needs --versus or --versus-options, whose sides are compared" },
		{ OPTION_ALL, r->observe.pid == 0 && r->observe.pattern == NULL,
		  "is what --pid and --name leave out" },
		{ OPTION_NAME, r->observe.pid == 0, "means nothing beside --pid" },
		{ OPTION_MEMORY, !r->from_running, "is what --from-running finds out" },
		{ OPTION_QMP, r->observe.pid != 0 && r->root == NULL,
		  "needs --pid, the QEMU that it is of, on this host" },
		{ OPTION_WATCH, r->root == NULL, "needs a live host: a recorded one does not change" },
		{ OPTION_USER, r->run.machine.sandbox.wanted != CHOICE_OFF,
		  "is part of the sandbox: without --sandbox off" },
		{ OPTION_FAULT_COST, r->model.memory_given, "needs --memory, whose faults are priced" },
	};
	char where[32];

	for (size_t i = 0; i < COUNT_OF(needs); i++) {
		if (needs[i].met || !r->given[needs[i].option])
			continue;
		(void)snprintf(where, sizeof(where), "--%s", option_table[needs[i].option].name);
		return error_set(p->e, STATUS_USAGE, 0, where, "%s", needs[i].why);
	}
	return 0;
}

int options_check(struct parse *p)
{
	int ret = p->r->command == COMMAND_POOL_PLAN ? check_plan(p) : check_backing(p);

	if (ret == 0)
		ret = check_output(p);
	if (ret == 0)
		ret = check_memory(p);
	if (ret == 0 && p->r->command == COMMAND_SWEEP)
		ret = check_sweep(p);
	if (ret == 0 && p->r->command == COMMAND_COMPARE)
		ret = check_compare(p);
	if (ret == 0 && p->r->command == COMMAND_MODEL)
		ret = check_model(p);
	return ret == 0 ? check_needs(p) : ret;
}
