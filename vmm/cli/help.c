/* Help texts, made from the tables of options, workloads and presets. */
#include <stdio.h>
#include <string.h>

#include "units.h"
#include "abi.h"
#include "vmm/cli/command.h"
#include "vmm/cli/options.h"
#include "vmm/lab/sweep/spec.h"
#include "vmm/lab/measure/plan.h"
#include "vmm/output/paragraph.h"
#include "vmm/util/text.h"
#include "vmm/util/workloads.h"

#define HELP_BYTES 32768
#define HELP_COLUMN 27
#define NAME_INDENT 2
#define TEXT_INDENT 6
#define TEXT_COLUMN 16

static const char exit_statuses[] =
	"\nExit status: 0 done and true, 1 the run failed, 2 usage, 3 the guest panicked, 4 watchdog,\n"
	"  5 requested and observed page sizes disagree, 6 a required feature is missing,\n"
	"  7 the sandbox refused a call of minivmm's own,\n"
	"  77 this host cannot do it at all (no /dev/kvm, no permission, no 1G guest pages)\n";

static void add_option(FILE *out, const struct option_spec *o)
{
	char left[64];
	const char *line = o->help;

	(void)snprintf(left, sizeof(left), "%c%c%s--%s%s%s", o->letter != 0 ? '-' : ' ',
		       o->letter != 0 ? o->letter : ' ', o->letter != 0 ? ", " : "  ", o->name,
		       o->arg != NULL ? " " : "", o->arg != NULL ? o->arg : "");
	(void)fprintf(out, "  %-*s", HELP_COLUMN - 3, left);
	if (strlen(left) > HELP_COLUMN - 3)
		(void)fprintf(out, "\n%*s", HELP_COLUMN - 1, "");
	while (line != NULL) {
		size_t length = strcspn(line, "\n");

		(void)fprintf(out, " %.*s\n", (int)length, line);
		line = line[length] == '\n' ? line + length + 1 : NULL;
		if (line != NULL)
			(void)fprintf(out, "%*s", HELP_COLUMN - 1, "");
	}
}

static void add_options(FILE *out, unsigned int command)
{
	(void)fputs(
		"\nOptions (the last one wins where an option is repeated; a list replaces the one before):\n",
		out);
	for (int id = 0; id < OPTION_COUNT; id++) {
		if ((option_table[id].bits & command) != 0)
			add_option(out, &option_table[id]);
	}
	if ((command & FOR_BOTH) != 0)
		(void)fputs(
			"\nAlso as QEMU spells them: -mem-path PATH, -mem-prealloc, --mem-prealloc, -smp N.\n",
			out);
}

static void help_program(FILE *out)
{
	(void)fputs(
		"minivmm: what a memory access costs under two-dimensional page walks, with proof of the pages\n\n",
		out);
	for (size_t i = 0; i < COMMAND_SPECS; i++)
		(void)fprintf(out, "%s minivmm %-22s %s\n", i == 0 ? "Usage:" : "      ",
			      command_table[i].synopsis, command_table[i].summary);
	(void)fputs(
		"       minivmm COMMAND --help         the options of a command\n"
		"       minivmm --workload help        the workloads\n"
		"       minivmm sweep --preset help    sweeps with a name, and what they teach\n"
		"       minivmm --pmu help             what the CPU can count\n"
		"       minivmm model --cpu help       CPUs that the model knows\n"
		"       minivmm --version\n\n"
		"Options without a command mean run. By default 1G of 4K pages runs touch,packed,chase on one\n"
		"vCPU with 4K guest pages.\n\n"
		"Examples:\n"
		"  minivmm check\n"
		"  minivmm --mem-path /dev/hugepages --prealloc\n"
		"  minivmm native --backing thp --memory 2G --json native.json\n"
		"  minivmm sweep --preset walk-cost --json walk.json\n"
		"  minivmm explain --svg walk.svg\n"
		"  minivmm model --guest-page 2M --host-page 4K\n",
		out);
	(void)fputs(exit_statuses, out);
}

static void help_command(FILE *out, const struct command_spec *spec)
{
	(void)fprintf(out, "Usage: minivmm %s\n\n%s", spec->synopsis, spec->purpose);
	add_options(out, spec->options);
	(void)fprintf(out, "\nExamples:\n%s%s", spec->examples,
		      spec->statuses != NULL ? spec->statuses : exit_statuses);
}

static const char *unit_text(enum workload_unit unit)
{
	static const char *const texts[] = {
		[UNIT_CYCLES_PER_ACCESS] = "cycles an operation",
		[UNIT_BYTES_PER_SECOND] = "bytes a second",
		[UNIT_UPDATES_PER_SECOND] = "updates a second",
	};

	return texts[unit];
}

static void put_labelled(FILE *out, const char *label, const char *text)
{
	(void)fprintf(out, "%*s%-*s", TEXT_INDENT, "", TEXT_COLUMN - TEXT_INDENT, label);
	paragraph_wrap(out, TEXT_COLUMN, text);
}

static void add_needs(FILE *out, uint32_t needs)
{
	static const struct {
		uint32_t bit;
		const char *text;
	} rows[] = {
		{ NEEDS_GUEST, "a guest (not native)" },
		{ NEEDS_APIC, "an APIC inside KVM (not --kernel-irqchip off)" },
		{ NEEDS_PEERS, "--smp 2 or more" },
		{ NEEDS_ONE_VCPU, "--smp 1" },
		{ NEEDS_TWO_LEAVES, "two guest pages or more for each vCPU" },
	};
	char text[400] = "";

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if ((needs & rows[i].bit) != 0)
			append(text, sizeof(text), "%s%s", text[0] != '\0' ? "; " : "", rows[i].text);
	}
	/* A workload that works with aliased memory does not need distinct memory. */
	if ((needs & WORKS_ALIASED) == 0)
		append(text, sizeof(text), "%sdistinct memory (not --alias-memory)",
		       text[0] != '\0' ? "; " : "");
	put_labelled(out, "needs", text[0] != '\0' ? text : "nothing");
}

static void help_workload(FILE *out)
{
	(void)fputs("Workloads (--workload NAME,NAME,...):\n", out);
	for (int id = 0; id < WORKLOAD_COUNT; id++) {
		const struct workload_info *w = &workload_table[id];

		(void)fprintf(out, "\n%*s%s, in %s\n", NAME_INDENT, "", w->name, unit_text(w->unit));
		put_labelled(out, "isolates", w->isolates);
		put_labelled(out, "expect", w->expect);
		put_labelled(out, "sets", set_kinds[w->default_set].help);
		add_needs(out, w->needs);
	}
	(void)fprintf(out, "\n%*snone\n", NAME_INDENT, "");
	put_labelled(out, "does", "boots, reaches ring 3, ends");
	(void)fputs("\nDefault: touch,packed,chase; with --alias-memory those that work with it: touch.\n"
		    "Sets: the working sets of each vCPU, in pages of 4K, of a run without --working-set.\n",
		    out);
}

static void help_preset(FILE *out)
{
	(void)fputs("Presets (minivmm sweep --preset NAME):\n", out);
	for (size_t i = 0; i < PRESETS; i++) {
		const struct preset *preset = &preset_table[i];
		char teaches[PRESET_TEACHES_BYTES];

		(void)fprintf(out, "\n%*s%s\n", NAME_INDENT, "", preset->name);
		(void)fprintf(out, "%*s", TEXT_INDENT, "");
		paragraph_wrap(out, TEXT_INDENT, preset_teaches(preset, teaches));
		for (const char *line = preset_axes(preset); *line != '\0';) {
			size_t length = strcspn(line, "\n");

			(void)fprintf(out, "%*s%.*s\n", TEXT_INDENT + 2, "", (int)length, line);
			line += length + (line[length] == '\n' ? 1 : 0);
		}
	}
	(void)fputs(
		"\nThe indented lines are what an --axes file would have. Options of the command line change a\n"
		"preset: minivmm sweep --preset walk-cost --backing anon,thp --allocations 10\n",
		out);
}

const char *request_help(const char *topic)
{
	static char text[HELP_BYTES];
	const struct command_spec *spec = topic != NULL ? command_find(topic) : NULL;
	FILE *out = fmemopen(text, sizeof(text), "w");

	text[0] = '\0';
	if (out == NULL)
		return text;
	if (spec != NULL)
		help_command(out, spec);
	else if (topic != NULL && strcmp(topic, "workload") == 0)
		help_workload(out);
	else if (topic != NULL && strcmp(topic, "preset") == 0)
		help_preset(out);
	else
		help_program(out);
	(void)fclose(out);
	return text;
}
