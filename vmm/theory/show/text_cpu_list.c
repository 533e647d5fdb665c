/*
 * What --cpu takes.
 */
#include <errno.h>

#include "vmm/output/grid.h"
#include "vmm/output/paragraph.h"
#include "vmm/theory/simulate/cpu.h"
#include "vmm/theory/show/emit_simulation.h"

/* Behind a name of 16 characters, two blanks before and one behind it. */
#define TEXT_COLUMN 19

static uint32_t uncertain(const struct cpu_model *cpu)
{
	uint32_t count = 0;

	for (int i = 0; i < CPU_PARAMETER_COUNT; i++)
		count += cpu->origin[i] == ORIGIN_UNCERTAIN;
	return count;
}

static int text_known(FILE *out)
{
	(void)fputs("CPUs that can be simulated, and how many of their figures are uncertain:\n\n", out);
	for (uint32_t i = 0; i < cpu_count(); i++) {
		struct error e = { .status = STATUS_OK };
		struct cpu_model cpu;
		char text[160];

		if (cpu_load(cpu_name(i), &cpu, &e) != 0)
			return -EINVAL;
		(void)fprintf(out, "  %-16s ", cpu.name);
		(void)snprintf(text, sizeof(text), "%s: %u of %u figures", cpu.title, uncertain(&cpu),
			       (uint32_t)CPU_PARAMETER_COUNT);
		paragraph_wrap(out, TEXT_COLUMN, text);
	}
	return 0;
}

/* What the value of a figure may be, as an error would say it. */
static void put_accepted(struct grid *g, const struct cpu_parameter_info *f)
{
	char least[24], most[24];

	if (f->kind == KIND_SWITCH) {
		grid_put(g, "no or yes");
	} else if (f->kind == KIND_ARRAY) {
		grid_put(g, f->most == 1 ? "own or 4K" : "own, 4K or 2M");
	} else {
		parameter_text(f->kind, f->least, least, sizeof(least));
		parameter_text(f->kind, f->most, most, sizeof(most));
		grid_put(g, "%s to %s%s", least, most, f->kind == KIND_POWER ? ", a power of two" : "");
	}
}

int text_cpu_list(FILE *out)
{
	static const char *const titles[] = { "-figure", "-value" };
	struct grid g;
	int ret = text_known(out);

	if (ret != 0)
		return ret;
	(void)fprintf(out, "  %-16s %s\n  %-16s %s\n\n", "host",
		      "this CPU: CPUID, and the rest measured, in TSC cycles", "FILE",
		      "a description of the same form");
	paragraph_wrap(out, 0,
		       "A description has a line \"title = TEXT\", a line \"unit = core cycles\" (or TSC "
		       "cycles), and "
		       "one line \"name = value  # source\" for each of these figures; a ? behind the value "
		       "marks it "
		       "as uncertain. Sizes take K, M and G. A cache or TLB of 0 is one that there is not.");
	(void)fputc('\n', out);
	grid_init(&g, titles, sizeof(titles) / sizeof(titles[0]));
	for (int i = 0; i < CPU_PARAMETER_COUNT; i++) {
		grid_put(&g, "%s", cpu_parameter_info((enum cpu_parameter)i)->name);
		put_accepted(&g, cpu_parameter_info((enum cpu_parameter)i));
	}
	ret = grid_print(&g, -1, out);
	grid_free(&g);
	return ret;
}
