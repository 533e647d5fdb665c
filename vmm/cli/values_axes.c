/*
 * Options that are axes of a sweep: lists without empty items and without the same value twice.
 */
#include <stdio.h>
#include <string.h>

#include "units.h"
#include "vmm/cli/axes.h"
#include "vmm/util/size.h"

static int take_item(struct parse *p, const struct axis *axis, const char *value, const char *item,
		     uint32_t *count)
{
	int at;

	if (*count == AXIS_MAX_VALUES)
		return refuse_value(p, value, "at most %d values are accepted", AXIS_MAX_VALUES);
	at = axis->take(&p->r->sweep, item, *count);
	if (at < 0)
		return refuse_value(p, value, "'%.60s': %s", item, axis->expected);
	if ((uint32_t)at < *count)
		return refuse_value(p, value, "'%.60s' is there twice", item);
	++*count;
	return 0;
}

/* "1-4" of --smp, as its items; another item is left as it is. The number of values, or -1: more than there may be. */
static int split_range(const struct axis *axis, const char *item, uint64_t *first)
{
	const char *dash = strchr(item, '-');
	char text[AXIS_ITEM_BYTES];
	uint64_t from, last;

	if (strcmp(axis->name, "smp") != 0 || dash == NULL)
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
	const struct axis *axis = axis_table;
	const char *cursor = value;
	char item[AXIS_ITEM_BYTES];
	uint32_t count = 0;
	int more;

	while (strcmp(axis->name, p->option->name) != 0)
		axis++;
	while ((more = list_item(&cursor, item, sizeof(item))) == 1) {
		uint64_t first = 0;
		int values = split_range(axis, item, &first);
		int ret = 0;

		if (values < 0)
			return refuse_value(p, value, "at most %d values are accepted", AXIS_MAX_VALUES);
		for (int i = 0; i < values && ret == 0; i++) {
			if (first != 0)
				(void)snprintf(item, sizeof(item), "%u",
					       (unsigned int)first + (unsigned int)i);
			ret = take_item(p, axis, value, item, &count);
		}
		if (ret != 0)
			return ret;
	}
	if (more < 0)
		return refuse_value(p, value, "an item is empty or too long; %s", axis->expected);
	memcpy((char *)&p->r->sweep + axis->count_at, &count, sizeof(count));
	return 0;
}

/* Anything but where its output goes and how long it goes on. */
static bool plan_given(const struct parse *p)
{
	static const enum option_id beside[] = { OPTION_JSON,        OPTION_CSV,         OPTION_QUIET,
						 OPTION_PROGRESS,    OPTION_DUMP_CONFIG, OPTION_RESUME,
						 OPTION_ALLOCATIONS, OPTION_RETRIES,     OPTION_PREDICT,
						 OPTION_CPU };

	for (int id = 0; id < OPTION_COUNT; id++) {
		bool counts = p->given[id];

		for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++)
			counts = counts && id != (int)beside[i];
		if (counts)
			return true;
	}
	return false;
}

void axes_complete(struct parse *p)
{
	static const char *const defaults[AXES] = { "4K", "anon", "on", "1", "default" };
	struct sweep_spec *s = &p->r->sweep;

	s->memory_given = p->given[OPTION_MEMORY];
	s->allocations_given = p->given[OPTION_ALLOCATIONS];
	s->retries_given = p->given[OPTION_RETRIES];
	s->plan_given = plan_given(p);
	if (!p->r->run.workloads_given) {
		p->r->run.work.workload_count = 2;
		p->r->run.work.workloads[0] = WORKLOAD_packed;
		p->r->run.work.workloads[1] = WORKLOAD_chase;
	}
	for (int i = 0; i < AXES; i++) {
		const uint32_t one = 1;

		if (axis_count(s, &axis_table[i]) != 0)
			continue;
		(void)axis_table[i].take(s, defaults[i], 0);
		memcpy((char *)s + axis_table[i].count_at, &one, sizeof(one));
	}
}
