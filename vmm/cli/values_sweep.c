/*
 * Axes of a sweep, which are lists without empty items and without the same value twice; and the other options of sweep
 * and compare that are no simple kind.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/cli/options.h"
#include "vmm/lab/sweep/spec.h"
#include "vmm/util/size.h"
#include "vmm/util/workloads.h"

/* Of 5 pairs no flip of signs is rarer than one in 16; 8 are enough for all groups that a family can have. */
#define SIDES_ALLOCATIONS 8

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

	if ((s->versus != NULL || s->versus_options != NULL) && !p->r->given[OPTION_ALLOCATIONS])
		s->allocations = SIDES_ALLOCATIONS;
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

/* What a cell is, what is compared, and where a run writes: B shares these with A. */
static const char *const shared[] = { "guest-page",   "backing",  "page-size",   "mem-path",       "prealloc",
				      "mem-prealloc", "prefault", "smp",         "kernel-irqchip", "memory",
				      "alias-memory", "workload", "working-set", "accesses",       "repeat",
				      "json",         "csv",      "quiet",       "verbose",        "progress",
				      "dump-config",  "dump-fdt", "help",        "version" };

/* One word of --versus-options that begins with a dash, without its dashes and its value. */
static int check_versus_name(struct parse *p, const char *name)
{
	for (size_t i = 0; i < COUNT_OF(shared); i++) {
		if (strcmp(name, shared[i]) == 0)
			return refuse_value(p, p->r->sweep.versus_options,
					    "--%s says what a cell is or where it writes: A and B share it",
					    name);
	}
	/* Another program may have options that this one does not know. */
	if (p->r->sweep.versus == NULL && option_find(name, FOR_BOTH) < 0)
		return refuse_value(p, p->r->sweep.versus_options,
				    "'--%s' is no option of run or native, by its whole name", name);
	return 0;
}

int versus_options_check(struct parse *p)
{
	const char *word = p->r->sweep.versus_options;
	bool first = true;
	char name[64];

	p->option = &option_table[OPTION_VERSUS_OPTIONS];
	for (; word != NULL && *word != '\0'; word += strcspn(word, " \t")) {
		size_t dashes;

		word += strspn(word, " \t");
		dashes = strspn(word, "-");
		if (*word == '\0')
			break;
		if ((dashes == 0 && first) || dashes == 1)
			return refuse_value(
				p, p->r->sweep.versus_options,
				"options by their long names are expected, as in '--guest-ad on'");
		(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + dashes, "= \t"),
			       word + dashes);
		if (dashes != 0 && check_versus_name(p, name) != 0)
			return -EINVAL;
		first = false;
	}
	return 0;
}
