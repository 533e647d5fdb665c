/* --preset help: what each sweep with a name teaches, and what it is made of. */
#include <string.h>

#include "vmm/cli/help_page.h"
#include "vmm/cli/preset.h"

#define NAME_INDENT 2
#define TEXT_INDENT 6

void help_preset(struct page *h)
{
	page_add(h, "Presets (minivmm sweep --preset NAME):\n");
	for (size_t i = 0; i < PRESETS; i++) {
		const struct preset *preset = &preset_table[i];

		page_add(h, "\n%*s%s\n", NAME_INDENT, "", preset->name);
		page_wrap(h, TEXT_INDENT, "", TEXT_INDENT, preset->teaches);
		for (const char *line = preset->axes; *line != '\0';) {
			size_t length = strcspn(line, "\n");

			page_add(h, "%*s%.*s\n", TEXT_INDENT + 2, "", (int)length, line);
			line += length + (line[length] == '\n' ? 1 : 0);
		}
	}
	page_add(h, "\nThe indented lines are what an --axes file would have. Options of the command line "
		    "change a\n"
		    "preset: minivmm sweep --preset walk-cost --backing anon,thp --allocations 10\n");
}
