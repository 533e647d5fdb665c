/* --workload help: what each isolates, what one should see, and what it needs. */
#include "abi.h"
#include "vmm/cli/help_page.h"
#include "vmm/lab/measure/plan.h"
#include "vmm/util/workloads.h"
#include "vmm/util/append.h"

#define NAME_INDENT 2
#define LABEL_INDENT 6
#define TEXT_COLUMN 16

static const char *unit_text(enum workload_unit unit)
{
	static const char *const texts[] = {
		[UNIT_CYCLES_PER_ACCESS] = "cycles an operation",
		[UNIT_BYTES_PER_SECOND] = "bytes a second",
		[UNIT_UPDATES_PER_SECOND] = "updates a second",
	};

	return texts[unit];
}

static void add_needs(struct page *h, uint32_t needs)
{
	static const struct {
		uint32_t bit;
		const char *text;
	} rows[] = {
		{ NEEDS_GUEST, "a guest (not native)" },
		{ NEEDS_APIC, "an APIC inside KVM (not --kernel-irqchip off)" },
		{ NEEDS_PEERS, "--smp 2 or more" },
		{ NEEDS_TWO_LEAVES, "two guest pages or more for each vCPU" },
	};
	char text[400] = "";

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if ((needs & rows[i].bit) != 0)
			append(text, sizeof(text), "%s%s", text[0] != '\0' ? "; " : "", rows[i].text);
	}
	/* What bears aliases asks nothing of its memory. */
	if ((needs & WORKS_ALIASED) == 0)
		append(text, sizeof(text), "%sdistinct memory (not --alias-memory)",
		       text[0] != '\0' ? "; " : "");
	page_wrap(h, LABEL_INDENT, "needs", TEXT_COLUMN, text[0] != '\0' ? text : "nothing");
}

void help_workload(struct page *h)
{
	page_add(h, "Workloads (--workload NAME,NAME,...):\n");
	for (int id = 0; id < WORKLOAD_COUNT; id++) {
		const struct workload_info *w = &workload_table[id];

		page_add(h, "\n%*s%s, in %s\n", NAME_INDENT, "", w->name, unit_text(w->unit));
		page_wrap(h, LABEL_INDENT, "isolates", TEXT_COLUMN, w->isolates);
		page_wrap(h, LABEL_INDENT, "expect", TEXT_COLUMN, w->expect);
		page_wrap(h, LABEL_INDENT, "sets", TEXT_COLUMN, set_kinds[w->default_set].help);
		add_needs(h, w->needs);
	}
	page_add(h, "\n%*snone\n", NAME_INDENT, "");
	page_wrap(h, LABEL_INDENT, "does", TEXT_COLUMN, "boots, reaches ring 3, ends");
	page_add(h, "\nDefault: touch,packed,chase; with --alias-memory those of them that bear it: touch.\n"
		    "Sets: the working sets of each vCPU, in pages of 4K, of a run without --working-set.\n");
}
