/*
 * The axes of a sweep as its record has them, spelled as on the command line.
 */
#include <string.h>

#include "vmm/lab/sweep/axis.h"
#include "vmm/util/size.h"
#include "vmm/util/workloads.h"
#include "vmm/output/json.h"
#include "vmm/lab/sweep/plan.h"
#include "vmm/util/append.h"

static json_t *values_of(const struct sweep_spec *sweep, const struct axis *axis)
{
	json_t *values = json_array();
	char text[AXIS_ITEM_BYTES];

	for (uint32_t i = 0; i < axis_count(sweep, axis); i++) {
		axis->spell(sweep, i, text);
		if (strcmp(axis->name, "smp") == 0)
			json_push(&values, json_integer(sweep->smps[i]));
		else
			json_push(&values, json_words(text));
	}
	if (sweep->native && strcmp(axis->name, "guest-page") == 0)
		json_push(&values, json_string("native"));
	return values;
}

/* Member names have no hyphens. */
static const char *member_of(const struct axis *axis, char *name, size_t size)
{
	name[0] = '\0';
	append(name, size, "%s", axis->name);
	for (char *c = name; *c != '\0'; c++) {
		if (*c == '-')
			*c = '_';
	}
	return name;
}

json_t *sweep_axes_json(const struct work_spec *work, const struct sweep_spec *sweep)
{
	json_t *o = json_object(), *workloads = json_array(), *sets = json_array();
	char text[32];

	for (int i = 0; i < AXES; i++)
		json_put(&o, member_of(&axis_table[i], text, sizeof(text)), values_of(sweep, &axis_table[i]));
	for (uint32_t i = 0; i < work->workload_count; i++)
		json_push(&workloads, json_string(workload_table[work->workloads[i]].name));
	for (uint32_t i = 0; i < work->set_count; i++)
		json_push(&sets, json_string(size_format(work->sets_bytes[i], text)));
	json_put(&o, "workload", workloads);
	json_put(&o, "working_set", sets);
	return o;
}

void sweep_baseline(const struct sweep_spec *sweep, char *text, size_t size)
{
	char first[AXIS_ITEM_BYTES];

	text[0] = '\0';
	if (sweep->baseline != NULL) {
		append(text, size, "%s", sweep->baseline);
		return;
	}
	for (int i = 0; i < AXES; i++) {
		if (strcmp(axis_table[i].name, "guest-page") != 0 &&
		    strcmp(axis_table[i].name, "backing") != 0)
			continue;
		axis_table[i].spell(sweep, 0, first);
		append(text, size, "%s%s=%s", text[0] != '\0' ? "," : "", axis_table[i].name, first);
	}
}
