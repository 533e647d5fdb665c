/*
 * The presets. Each ends within an hour on a machine with two CPUs.
 */
#include "vmm/lab/sweep/spec.h"

#include <string.h>

#include "vmm/util/text.h"

#define EACH_PRESET                                    \
	PRESET(tlb_reach, "tlb-reach")                 \
	PRESET(walk_cost, "walk-cost")                 \
	PRESET(twin, "twin")                           \
	PRESET(first_touch, "first-touch")             \
	PRESET(vpid, "vpid")                           \
	PRESET(flexpriority, "flexpriority")           \
	PRESET(exit_cost, "exit-cost")                 \
	PRESET(remap, "remap")                         \
	PRESET(smp, "smp")                             \
	PRESET(terabyte, "terabyte")                   \
	PRESET(hypervisor_matrix, "hypervisor-matrix") \
	PRESET(lazy_or_early, "lazy-or-early")         \
	PRESET(overcommit, "overcommit")

/* The assembler reads the files; the build starts it at the root of the tree. */
#define PRESET(id, name)                                    \
	extern const char preset_##id[];                    \
	__asm__(".section .rodata\n.globl preset_" #id "\n" \
		"preset_" #id ": .incbin \"vmm/lab/sweep/presets/" name ".axes\"\n.byte 0\n.previous\n");
EACH_PRESET
#undef PRESET

#define PRESET(id, name) { name, preset_##id },
const struct preset preset_table[PRESETS] = { EACH_PRESET };
#undef PRESET

const struct preset *preset_find(const char *name)
{
	for (size_t i = 0; i < PRESETS; i++) {
		if (strcmp(preset_table[i].name, name) == 0)
			return &preset_table[i];
	}
	return NULL;
}

const char *preset_names(char *names)
{
	names[0] = '\0';
	for (size_t i = 0; i < PRESETS; i++)
		append(names, PRESET_NAMES_BYTES, "%s%s",
		       i == 0            ? ""
		       : i + 1 < PRESETS ? ", "
					 : " and ",
		       preset_table[i].name);
	return names;
}

/* The start of the next line. */
static const char *next_line(const char *line)
{
	const char *end = strchrnul(line, '\n');

	return *end == '\n' ? end + 1 : end;
}

const char *preset_teaches(const struct preset *preset, char *text)
{
	text[0] = '\0';
	for (const char *line = preset->text; line[0] == '#'; line = next_line(line))
		append(text, PRESET_TEACHES_BYTES, "%s%.*s", text[0] != '\0' ? " " : "",
		       (int)strcspn(line + 2, "\n"), line + 2);
	return text;
}

const char *preset_axes(const struct preset *preset)
{
	const char *line = preset->text;

	while (line[0] == '#')
		line = next_line(line);
	return line;
}
