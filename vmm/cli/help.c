/* Help texts, made from the tables of options and workloads. */
#include <stdio.h>
#include <string.h>

#include "vmm/cli/command.h"
#include "vmm/cli/help_page.h"
#include "vmm/cli/options.h"

#define HELP_COLUMN 27

static const char exit_statuses[] =
	"\nExit status: 0 done and true, 1 the run failed, 2 usage, 3 the guest panicked, 4 watchdog,\n"
	"  5 requested and observed page sizes disagree, 6 a required feature is missing,\n"
	"  77 this host cannot do it at all (no /dev/kvm, no permission, no 1G guest pages)\n";

static void add_option(struct page *h, const struct option_spec *o)
{
	char left[64];
	const char *line = o->help;

	(void)snprintf(left, sizeof(left), "%c%c%s--%s%s%s", o->letter != 0 ? '-' : ' ',
		       o->letter != 0 ? o->letter : ' ', o->letter != 0 ? ", " : "  ", o->name,
		       o->arg != NULL ? " " : "", o->arg != NULL ? o->arg : "");
	page_add(h, "  %-*s", HELP_COLUMN - 3, left);
	if (strlen(left) > HELP_COLUMN - 3)
		page_add(h, "\n%*s", HELP_COLUMN - 1, "");
	while (line != NULL) {
		size_t length = strcspn(line, "\n");

		page_add(h, " %.*s\n", (int)length, line);
		line = line[length] == '\n' ? line + length + 1 : NULL;
		if (line != NULL)
			page_add(h, "%*s", HELP_COLUMN - 1, "");
	}
}

static void add_options(struct page *h, unsigned int command)
{
	page_add(h, "\nOptions (the last one wins where an option is repeated; a list replaces the one "
		    "before):\n");
	for (int id = 0; id < OPTION_COUNT; id++) {
		if ((option_table[id].bits & command) != 0)
			add_option(h, &option_table[id]);
	}
	if ((command & FOR_BOTH) != 0)
		page_add(h, "\nAlso as QEMU spells them: -mem-path PATH, -mem-prealloc, --mem-prealloc, -smp "
			    "N.\n");
}

static void help_program(struct page *h)
{
	page_add(h, "minivmm: what a memory access costs under two-dimensional page walks, with proof of the "
		    "pages\n\n");
	for (size_t i = 0; i < COMMAND_SPECS; i++)
		page_add(h, "%s minivmm %-22s %s\n", i == 0 ? "Usage:" : "      ", command_table[i].synopsis,
			 command_table[i].summary);
	page_add(h, "       minivmm COMMAND --help         the options of a command\n"
		    "       minivmm --workload help        the workloads\n"
		    "       minivmm sweep --preset help    sweeps with a name, and what they teach\n"
		    "       minivmm --pmu help             what the CPU can count\n"
		    "       minivmm model --cpu help       CPUs that the model knows\n"
		    "       minivmm --version\n\n"
		    "Options without a command mean run. By default 1G of 4K pages runs touch,packed,chase "
		    "on one\n"
		    "vCPU with 4K guest pages.\n\n"
		    "Examples:\n"
		    "  minivmm check\n"
		    "  minivmm --mem-path /dev/hugepages --prealloc\n"
		    "  minivmm native --backing thp --memory 2G --json native.json\n"
		    "  minivmm sweep --preset walk-cost --json walk.json\n"
		    "  minivmm explain --svg walk.svg\n"
		    "  minivmm model --guest-page 2M --host-page 4K\n");
	page_add(h, "%s", exit_statuses);
}

static void help_command(struct page *h, const struct command_spec *spec)
{
	page_add(h, "Usage: minivmm %s\n\n%s", spec->synopsis, spec->purpose);
	add_options(h, spec->options);
	page_add(h, "\nExamples:\n%s%s", spec->examples,
		 spec->statuses != NULL ? spec->statuses : exit_statuses);
}

const char *request_help(const char *topic)
{
	static struct page page;
	const struct command_spec *spec = topic != NULL ? command_find(topic) : NULL;

	page.used = 0;
	if (spec != NULL)
		help_command(&page, spec);
	else if (topic != NULL && strcmp(topic, "workload") == 0)
		help_workload(&page);
	else if (topic != NULL && strcmp(topic, "preset") == 0)
		help_preset(&page);
	else
		help_program(&page);
	return page.text;
}
