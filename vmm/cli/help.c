/* Help texts, made from the tables of options and workloads. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vmm/cli/command.h"
#include "vmm/cli/options.h"
#include "vmm/cli/workloads.h"

#define HELP_BYTES 32768
#define HELP_COLUMN 27

/* A text while it is built. */
struct page {
	char text[HELP_BYTES];
	size_t used;
};

static const char exit_statuses[] =
	"\nExit status: 0 done and true, 1 the run failed, 2 usage, 3 the guest panicked, 4 watchdog,\n"
	"  5 requested and observed page sizes disagree, 6 a required feature is missing,\n"
	"  77 this host cannot do it at all (no /dev/kvm, no permission, no 1G guest pages)\n";

static void add(struct page *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct page *h, const char *fmt, ...)
{
	va_list args;
	int length;

	va_start(args, fmt);
	length = vsnprintf(h->text + h->used, sizeof(h->text) - h->used, fmt, args);
	va_end(args);
	if (length > 0)
		h->used += (size_t)length;
	if (h->used >= sizeof(h->text))
		h->used = sizeof(h->text) - 1;
}

static void add_option(struct page *h, const struct option_spec *o)
{
	char left[64];
	const char *line = o->help;

	(void)snprintf(left, sizeof(left), "%c%c%s--%s%s%s", o->letter != 0 ? '-' : ' ',
		       o->letter != 0 ? o->letter : ' ', o->letter != 0 ? ", " : "  ", o->name,
		       o->arg != NULL ? " " : "", o->arg != NULL ? o->arg : "");
	add(h, "  %-*s", HELP_COLUMN - 3, left);
	if (strlen(left) > HELP_COLUMN - 3)
		add(h, "\n%*s", HELP_COLUMN - 1, "");
	while (line != NULL) {
		size_t length = strcspn(line, "\n");

		add(h, " %.*s\n", (int)length, line);
		line = line[length] == '\n' ? line + length + 1 : NULL;
		if (line != NULL)
			add(h, "%*s", HELP_COLUMN - 1, "");
	}
}

static void add_options(struct page *h, unsigned int command)
{
	add(h,
	    "\nOptions (the last one wins where an option is repeated; a list replaces the one before):\n");
	for (int id = 0; id < OPTION_COUNT; id++) {
		if ((option_table[id].commands & command) != 0)
			add_option(h, &option_table[id]);
	}
	if ((command & FOR_BOTH) != 0)
		add(h,
		    "\nAlso as QEMU spells them: -mem-path PATH, -mem-prealloc, --mem-prealloc, -smp N.\n");
}

static void help_program(struct page *h)
{
	add(h, "minivmm: what a memory access costs under two-dimensional page walks, with proof of the "
	       "pages\n\n");
	for (size_t i = 0; i < COMMAND_SPECS; i++)
		add(h, "%s minivmm %-22s %s\n", i == 0 ? "Usage:" : "      ", command_table[i].synopsis,
		    command_table[i].summary);
	add(h,
	    "       minivmm COMMAND --help         the options of a command\n"
	    "       minivmm --workload help        the workloads\n"
	    "       minivmm --version\n\n"
	    "Options without a command mean run. By default 1G of 4K pages runs touch,packed,chase on one\n"
	    "vCPU with 4K guest pages.\n\n"
	    "Examples:\n"
	    "  minivmm check\n"
	    "  minivmm --mem-path /dev/hugepages --prealloc\n"
	    "  minivmm native --backing thp --memory 2G --json native.json\n");
	add(h, "%s", exit_statuses);
}

static void help_command(struct page *h, const struct command_spec *spec)
{
	add(h, "Usage: minivmm %s\n\n%s", spec->synopsis, spec->purpose);
	add_options(h, spec->options);
	add(h, "\nExamples:\n%s%s", spec->examples, exit_statuses);
}

static void help_workload(struct page *h)
{
	static const char *const sets[] = {
		[SET_ARENA] = "all of the vCPU's memory",
		[SET_SERIES] = "64, 128, 1024, 4096 and 65536 pages, if they fit",
		[SET_LARGE] = "256M, or all of the vCPU's memory where that is less",
		[SET_HOT] = "16, 64, 256 and 1024 pages, if they fit",
		[SET_NONE] = "none",
		[SET_LEVELS] = "64, 128, 1024, 4096 and 65536 pages, if they fit, at five strides",
		[SET_PROBE] = "4 to 4096 pages at strides from 4K to 1M",
	};
	static const char *const units[] = {
		[UNIT_CYCLES_PER_ACCESS] = "cycles an access",
		[UNIT_BYTES_PER_SECOND] = "bytes a second",
		[UNIT_UPDATES_PER_SECOND] = "updates a second",
	};

	add(h, "Workloads (--workload NAME,NAME,...):\n");
	for (int id = 0; id < WORKLOAD_COUNT; id++) {
		const struct workload_info *w = &workload_table[id];

		add(h, "  %s (%s; working sets: %s)\n      %s\n", w->name, units[w->unit],
		    sets[w->default_set], w->isolates);
	}
	add(h, "  %s\n      boot, reach ring 3, end\n\nDefault: touch,packed,chase\n", "none");
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
	else
		help_program(&page);
	return page.text;
}
