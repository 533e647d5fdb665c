/*
 * Axes of a sweep, which are lists without empty items and without the same value twice; and the other options of sweep
 * and compare that are no simple kind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/cli/options.h"
#include "vmm/lab/sweep/spec.h"
#include "vmm/util/size.h"
#include "vmm/util/workloads.h"

static int add_item(struct parse *p, enum axis_id id, const char *value, const char *item,
		    struct axis_values *values)
{
	struct axis_value *next = &values->list[values->count];

	if (values->count == AXIS_MAX_VALUES)
		return refuse_value(p, value, "at most %d values are accepted", AXIS_MAX_VALUES);
	if (axis_parse(id, item, next) != 0)
		return refuse_value(p, value, "'%.60s': %s", item, axis_table[id].expected);
	if (axis_index(values, next) >= 0)
		return refuse_value(p, value, "'%.60s' is given twice", item);
	values->count++;
	return 0;
}

/* "1-4" of --smp, as its items; another item is left as it is. The number of values, or -1: more than there may be. */
static int split_range(enum axis_id id, const char *item, uint64_t *first)
{
	const char *dash = strchr(item, '-');
	char text[AXIS_ITEM_BYTES];
	uint64_t from, last;

	if (id != AXIS_SMP || dash == NULL)
		return 1;
	(void)snprintf(text, sizeof(text), "%.*s", (int)(dash - item), item);
	if (number_parse(text, 1, UINT32_MAX, &from) != 0 ||
	    number_parse(dash + 1, from, UINT32_MAX, &last) != 0)
		return 1;
	*first = from;
	return last - from < AXIS_MAX_VALUES ? (int)(last - from) + 1 : -1;
}

int set_axis(struct parse *p, const char *value)
{
	struct axis_values *values;
	enum axis_id id = AXIS_GUEST_PAGE;
	const char *cursor = value;
	char item[AXIS_ITEM_BYTES];
	int more;

	while (strcmp(axis_table[id].name, p->option->name) != 0)
		id++;
	values = &p->r->sweep.axes[id];
	values->count = 0;
	while ((more = list_item(&cursor, item, sizeof(item))) == 1) {
		uint64_t first = 0;
		int items = split_range(id, item, &first);
		int ret = 0;

		if (items < 0)
			return refuse_value(p, value, "at most %d values are accepted", AXIS_MAX_VALUES);
		for (int i = 0; i < items && ret == 0; i++) {
			if (first != 0)
				(void)snprintf(item, sizeof(item), "%u",
					       (unsigned int)first + (unsigned int)i);
			ret = add_item(p, id, value, item, values);
		}
		if (ret != 0)
			return ret;
	}
	if (more < 0)
		return refuse_value(p, value, "an item is empty or too long; %s", axis_table[id].expected);
	return 0;
}

void axes_complete(struct parse *p)
{
	static const char *const defaults[AXES] = { "4K", "anon", "on", "1", "default" };
	struct sweep_spec *s = &p->r->sweep;

	s->memory_given = p->r->given[OPTION_MEMORY];
	if (!p->r->run.workloads_given) {
		p->r->run.work.workload_count = 2;
		p->r->run.work.workloads[0] = WORKLOAD_packed;
		p->r->run.work.workloads[1] = WORKLOAD_chase;
	}
	for (int id = 0; id < AXES; id++) {
		struct axis_values *values = &s->axes[id];

		if (values->count == 0)
			values->count = axis_parse((enum axis_id)id, defaults[id], &values->list[0]) == 0;
	}
	if (s->native)
		s->axes[AXIS_GUEST_PAGE].list[s->axes[AXIS_GUEST_PAGE].count++] =
			(struct axis_value){ .number = 0 };
}

int set_sweep_workload(struct parse *p, const char *value)
{
	struct request *r = p->r;
	int ret = set_workload(p, value);

	if (ret != 0)
		return ret;
	if (r->run.work.workload_count == 0)
		return refuse_value(p, value,
				    "none measures nothing; workloads are expected, see --workload help");
	for (uint32_t i = 0; i < r->run.work.workload_count; i++) {
		for (uint32_t j = 0; j < i; j++) {
			if (r->run.work.workloads[i] == r->run.work.workloads[j])
				return refuse_value(p, value, "'%s' is given twice",
						    workload_table[r->run.work.workloads[i]].name);
		}
	}
	return 0;
}

static int by_size(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

/* Ascending, as a curve has them: "64K..1M,96K..768K" is two series in one. */
int set_sweep_sets(struct parse *p, const char *value)
{
	struct request *r = p->r;
	int ret = set_working_set(p, value);
	char size[24];

	if (ret != 0)
		return ret;
	qsort(r->run.work.sets_bytes, r->run.work.set_count, sizeof(r->run.work.sets_bytes[0]), by_size);
	for (uint32_t i = 1; i < r->run.work.set_count; i++) {
		if (r->run.work.sets_bytes[i] == r->run.work.sets_bytes[i - 1])
			return refuse_value(p, value, "%s is given twice",
					    size_format(r->run.work.sets_bytes[i], size));
	}
	return 0;
}

int set_preset(struct parse *p, const char *value)
{
	const struct preset *preset = preset_find(value);
	char names[PRESET_NAMES_BYTES];

	if (preset == NULL)
		return refuse_value(p, value, "unknown preset; presets: %s", preset_names(names));
	p->r->sweep.preset = preset->name;
	return 0;
}

/* Digits with at most one point among or before them: no sign, no exponent, no blank, which strtod would take. */
static bool is_decimal(const char *text)
{
	size_t whole = strspn(text, "0123456789");
	size_t part = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;

	if (text[whole] == '.' && part == 0)
		return false;
	return whole + part > 0 && text[whole + (part > 0 ? part + 1 : 0)] == '\0';
}

int set_threshold(struct parse *p, const char *value)
{
	double percent = is_decimal(value) ? strtod(value, NULL) : -1;

	if (!(percent >= 0 && percent <= 100))
		return refuse_value(p, value, "a percentage from 0 to 100 is expected, as in 0.5");
	p->r->compare.threshold = percent / 100;
	return 0;
}
