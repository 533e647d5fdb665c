#include "vmm/cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vmm/cli/options.h"
#include "vmm/host/pool/pool.h"
#include "vmm/lab/check/report.h"
#include "vmm/lab/compare/compare.h"
#include "vmm/lab/explain/explanation.h"
#include "vmm/theory/show/show.h"
#include "vmm/util/text.h"

const struct command_spec command_table[COMMAND_SPECS] = {
	{ "run", COMMAND_RUN, FOR_RUN, "[run] [options]", "boot the guest, run workloads, report",
	  "Boot the guest in KVM, run workloads in it, report what they cost.\n",
	  "  minivmm --mem-path /dev/hugepages --prealloc\n"
	  "  minivmm run -m 2G --backing hugetlb --page-size 2M --guest-page 2M --workload chase \\\n"
	  "          --working-set 256K..1G --repeat 20 --json chase.json\n",
	  NULL, command_run },
	{ "native", COMMAND_NATIVE, FOR_NATIVE, "native [options]",
	  "the same workloads in this process, without a VM",
	  "Run the same workloads in this process, without a VM; --guest-page, --guest, --prefault and\n"
	  "--dump-fdt do not apply.\n",
	  "  minivmm native --mem-path /dev/hugepages --prealloc\n"
	  "  minivmm native --backing thp --workload packed,chase --working-set 256K,4M --csv -\n",
	  NULL, command_run },
	{ "sweep", COMMAND_SWEEP, FOR_SWEEP, "sweep [options]", "a matrix of runs, interleaved and repeated",
	  "Run every combination of the axes, each several times in a process, a VM and memory of its own,\n"
	  "in rounds of shuffled order, and say what each costs with its interval, what translation costs,\n"
	  "and what larger pages gain. What this host cannot do is in the output with its reason.\n"
	  "An interrupted sweep keeps what it has.\n",
	  "  minivmm sweep --preset walk-cost --json walk.json\n"
	  "  minivmm sweep --guest-page 4K,2M --backing anon,thp,hugetlb:2M,hugetlb:1G --native \\\n"
	  "          --workload packed,chase --working-set 256K..64M --baseline guest-page=4K,backing=anon\n"
	  "  minivmm sweep --axes night.axes --allocations 20 --json night.json --csv night.csv\n"
	  "  minivmm sweep --axes night.axes --allocations 20 --json night.json --resume\n"
	  "  minivmm sweep --preset walk-cost --versus old/minivmm --json both.json\n"
	  "  minivmm sweep --workload chase --working-set 1G --versus-options '--guest-ad on'\n"
	  "  minivmm sweep --preset help\n",
	  "\nExit status: 0 all rounds were run: each cell has its figures, or the reason why it has none,\n"
	  "  1 the sweep could not go on or was stopped, or no cell has figures and one failed, 2 usage,\n"
	  "  also where no cell is possible, 5 page sizes of a cell are not those asked for, 77 this host\n"
	  "  cannot do any of it\n",
	  command_sweep },
	{ "compare", COMMAND_COMPARE, FOR_COMPARE, "compare A [B] [options]",
	  "what differs between two files of sweep, or two sides",
	  "Compare two files of minivmm sweep --json cell by cell: the ratio B / A, and what of it is the\n"
	  "cell's alone and not all cells'; marked only where the interval of that, corrected for the number\n"
	  "of cells, excludes 1. Refuse what differs in meaning, say what differs between the hosts. Between\n"
	  "two sessions it is something in the host or in the code. Of one file that sweep --versus made, its\n"
	  "two sides are compared, round by round.\n",
	  "  minivmm compare before.json after.json\n"
	  "  minivmm compare before.json after.json --threshold 3 --json -\n"
	  "  minivmm compare both.json\n",
	  "\nExit status: 0 compared, whatever was found, 1 a file cannot be read or the result not "
	  "written,\n"
	  "  2 usage, also files that cannot be compared\n",
	  command_compare },
	{ "model", COMMAND_MODEL, FOR_MODEL, "model [options]",
	  "the two-dimensional walk: references and predictions",
	  "Say how many memory references a TLB miss takes, and which, for any page sizes; simulate TLBs "
	  "and\n"
	  "caches for the workloads' own accesses; say what a guest of any size would cost. Needs no KVM,\n"
	  "no root and no machine of that size.\n",
	  "  minivmm model\n"
	  "  minivmm model --guest-page 2M --host-page 4K\n"
	  "  minivmm model --cpu zen3 --workload packed,chase --working-set 256K..64M --host-page 2M\n"
	  "  minivmm model -m 16T --guest-page 4K --host-page 1G\n"
	  "  minivmm model --cpu help\n",
	  "\nExit status: 0 done, 1 a file cannot be read or the result not written, 2 usage\n",
	  command_model },
	{ "explain", COMMAND_EXPLAIN, FOR_EXPLAIN, "explain [options]",
	  "one address, walked through both dimensions of a live guest",
	  "Boot the guest and walk one guest-virtual address through its real page tables: each entry, the\n"
	  "memory it lies in, the host page behind that, and the second dimension's references it stands "
	  "for.\n"
	  "The address is read, then written, and what changed is marked; in a window of twin it is read.\n",
	  "  minivmm explain --guest-page 4K --svg walk.svg\n"
	  "  minivmm explain --before-after 2M --svg both.svg\n"
	  "  minivmm explain --mem-path /dev/hugepages --gva arena+512M --json -\n"
	  "  minivmm explain --backing thp --prealloc --window 2M/4K\n",
	  NULL, command_explain },
	{ "check", COMMAND_CHECK, FOR_CHECK, "check [options]",
	  "what this host can do, and what will disturb a measurement",
	  "Say what translates a guest's memory accesses on this host (EPT, NPT or shadow paging, VPID,\n"
	  "FlexPriority, page sizes), what will disturb a measurement, and whether a job's requirements\n"
	  "are met. Changes nothing.\n",
	  "  minivmm check\n"
	  "  minivmm check --require tdp,1g-guest,hugepages=2M:512 --json host.json\n"
	  "  minivmm check --require help\n",
	  NULL, command_check },
	{ "observe", COMMAND_OBSERVE, FOR_OBSERVE, "observe [options]",
	  "the pages and leaves of VMs that others made",
	  "Say of the VMs of QEMU, libvirt, Firecracker, cloud-hypervisor, kvmtool and minivmm which pages the\n"
	  "host gave them, on which nodes, and which leaves KVM made of them, by KVM's own count; and where\n"
	  "they differ, why. Only reads. As root it sees all; else it says what it cannot see, and what that\n"
	  "takes.\n",
	  "  minivmm observe\n"
	  "  minivmm observe --pid $(pidof qemu-system-x86_64) --expect 2M\n"
	  "  minivmm observe --name web --require huge=95%,local=100% --tap\n"
	  "  minivmm observe --pid 4711 --watch 5 --json leaves.json\n",
	  "\nExit status: 0 observed, 1 the host cannot be read or the result not written, 2 usage, 5 leaves\n"
	  "  are not those of --expect, 6 a VM has not what --require asks for, 77 no VM, or none whose leaves\n"
	  "  can be seen\n",
	  command_observe },
	{ "advise", COMMAND_ADVISE, FOR_ADVISE, "advise [options]",
	  "are huge pages worth it here, how many, at what cost",
	  "Measure for half a minute what larger pages bring on this host, with intervals, say how many pages\n"
	  "of 2M a guest, or those that run here, would need on which node, and which command gives the lines\n"
	  "that provide them. \"Not sure\" is an answer. Changes nothing.\n",
	  "  minivmm advise -m 16G\n"
	  "  minivmm advise --from-running\n",
	  "\nExit status: 0 advised, 1 the sweep failed, 2 usage, 77 this host cannot run it, or no VM runs\n",
	  command_advise },
	{ "pool", COMMAND_POOL, FOR_POOL, "pool [show] [options]",
	  "pools of huge pages: what is there and what can be had",
	  "Show the pools of huge pages by size and node, their mounts, the control group's limits, and\n"
	  "what this process could have now. `minivmm pool plan` says how to get what a run needs.\n",
	  "  minivmm pool\n"
	  "  minivmm pool show --json -\n",
	  NULL, command_pool },
	{ "pool plan", COMMAND_POOL_PLAN, FOR_POOL_PLAN, "pool plan [options]",
	  "the pages a run needs, and the commands that provide them",
	  "Say which huge pages guest RAM of a size needs, whether they are there, and the exact lines that\n"
	  "provide them: for sysfs, the kernel's command line, mounts, QEMU and libvirt. Changes nothing.\n",
	  "  minivmm pool plan -m 16G --page-size 1G\n"
	  "  minivmm pool plan -m 4G --host-nodes 0-1 --json plan.json\n",
	  "\nExit status: 0 the pages are there, or the lines provide them, 2 usage, 6 not enough: memory or\n"
	  "  a control group's limit is short (the largest plan is told, and its lines), 77 no such pool\n",
	  command_pool },
};

const struct command_spec *command_spec(enum command command)
{
	for (size_t i = 0; i < COMMAND_SPECS; i++) {
		if (command_table[i].command == command)
			return &command_table[i];
	}
	return &command_table[0];
}

/* What --help, --preset help and --version print. */
static enum status tell(const struct request *r, struct error *e)
{
	int ret = r->command != COMMAND_VERSION
			  ? fprintf(r->program.out, "%s\n", request_help(r->help_topic))
			  : fprintf(r->program.out,
				    "minivmm %s, ABI %d, schema %s, %s, %s, %s,\n  %s, %s, %s, %s, %s\n",
				    MINIVMM_VERSION, MINIVMM_ABI_VERSION, RECORD_SCHEMA, CHECK_SCHEMA,
				    POOL_SCHEMA, POOL_PLAN_SCHEMA, MATRIX_SCHEMA, COMPARE_SCHEMA,
				    MODEL_SCHEMA, EXPLAIN_SCHEMA, OBSERVE_SCHEMA);

	if (ret < 0 || fflush(r->program.out) != 0)
		(void)error_set(e, STATUS_FAILED, errno, "stdout", "cannot write");
	return e->status;
}

enum status command_execute(const struct request *r, struct error *e)
{
	switch (r->command) {
	case COMMAND_HELP:
	case COMMAND_PRESET_HELP:
	case COMMAND_VERSION:
		return tell(r, e);
	case COMMAND_PMU_HELP:
		return command_pmu_help(r, e);
	case COMMAND_CPU_HELP:
		return command_cpu_help(r, e);
	default:
		return command_spec(r->command)->run(r, e);
	}
}

const struct command_spec *command_find(const char *name)
{
	for (size_t i = 0; i < COMMAND_SPECS; i++) {
		if (strcmp(command_table[i].name, name) == 0)
			return &command_table[i];
	}
	return NULL;
}

#define NAMES_BYTES 100

/* "run, native and pool": those of one word. */
static const char *command_names(char *names)
{
	const char *single[COMMAND_SPECS];
	size_t count = 0;

	for (size_t i = 0; i < COMMAND_SPECS; i++) {
		if (strchr(command_table[i].name, ' ') == NULL)
			single[count++] = command_table[i].name;
	}
	names[0] = '\0';
	for (size_t i = 0; i < count; i++)
		append(names, NAMES_BYTES, "%s%s", i == 0 ? "" : i + 1 < count ? ", " : " and ", single[i]);
	return names;
}

static int refuse_command(const char *word, struct error *e)
{
	char names[NAMES_BYTES];

	(void)error_set(e, STATUS_USAGE, 0, "command line", "unknown command '%.60s'; commands: %s", word,
			command_names(names));
	return error_hint(e, "minivmm --help");
}

/* The word behind `pool`, which may be left out. */
static int choose_pool(const char *word, struct request *r, int *first, struct error *e)
{
	if (word[0] == '-' || word[0] == '\0')
		return 0;
	*first += 1;
	if (strcmp(word, "plan") == 0) {
		r->command = COMMAND_POOL_PLAN;
		r->help_topic = "pool plan";
	} else if (strcmp(word, "show") != 0) {
		return error_set(e, STATUS_USAGE, 0, "pool",
				 "'%.60s' is not expected here; expected: show or plan", word);
	}
	return 0;
}

int command_choose(int argc, char **argv, struct request *r, int *first, struct error *e)
{
	const char *word = argc > 1 ? argv[1] : "";
	const struct command_spec *spec;

	*first = 1;
	if (word[0] == '-' || argc <= 1)
		return 0;
	*first = 2;
	/* A command is one word: "pool plan" as a single argument is refused. */
	spec = strchr(word, ' ') == NULL ? command_find(word) : NULL;
	if (spec == NULL)
		return refuse_command(word, e);
	r->command = spec->command;
	r->help_topic = spec->name;
	return spec->command == COMMAND_POOL ? choose_pool(argc > 2 ? argv[2] : "", r, first, e) : 0;
}
