/*
 * What each axis takes, and how the record of a sweep spells its axes.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "abi.h"
#include "units.h"
#include "vmm/core/memory/backing.h"
#include "vmm/lab/sweep/engine.h"
#include "vmm/output/json.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"
#include "vmm/util/workloads.h"

_Static_assert(GUEST_MAX_VCPUS == 128 && AXIS_PATH_BYTES == 128, "the texts name these limits");

const struct axis axis_table[AXES] = {
	[AXIS_GUEST_PAGE] = { "guest-page", "guest page",
			      "4K, 2M or 1G is expected, and --native for cells without a guest" },
	[AXIS_BACKING] = { "backing", "backing",
			   "anon, thp, hugetlb:2M, hugetlb:1G, memfd, memfd:2M, memfd:1G or path:DIRECTORY (of less than 128 "
			   "characters, none a comma) is expected" },
	[AXIS_PREALLOC] = { "prealloc", "prealloc", "off, on, near, far, nodes or prefault is expected" },
	[AXIS_SMP] = { "smp", "smp", "numbers from 1 to 128 are expected, as in 1,2 or 1-4" },
	[AXIS_IRQCHIP] = { "kernel-irqchip", "kernel-irqchip", "on, off or default is expected" },
};

/* "hugetlb:1G" or "path:/mnt/huge" */
static int parse_backing(const char *item, struct axis_value *value)
{
	const char *colon = strchrnul(item, ':');
	const struct backing_type *type;
	char kind[16];
	int found;

	if (strncmp(item, "path:", 5) == 0) {
		value->backing = BACKING_FILE;
		if (colon[1] == '\0' || strlen(colon + 1) >= AXIS_PATH_BYTES)
			return -EINVAL;
		append(value->path, sizeof(value->path), "%s", colon + 1);
		return 0;
	}
	(void)snprintf(kind, sizeof(kind), "%.*s", (int)(colon - item), item);
	found = name_find(&backing_names, kind);
	if (found < 0 || found == BACKING_FILE)
		return -EINVAL;
	value->backing = (enum backing_kind)found;
	type = backing_type(value->backing);
	value->number = type->default_page_bytes;
	if (*colon == '\0')
		return 0;
	if (page_size_parse(colon + 1, &value->number) != 0 || !backing_type_has_page(type, value->number))
		return -EINVAL;
	return 0;
}

static int parse_word(const struct names *names, const char *item, struct axis_value *value)
{
	int found = name_find(names, item);

	if (found < 0)
		return -EINVAL;
	value->number = (uint64_t)found;
	return 0;
}

int axis_parse(enum axis_id id, const char *item, struct axis_value *value)
{
	*value = (struct axis_value){ .number = 0 };
	switch (id) {
	case AXIS_GUEST_PAGE:
		return page_size_parse(item, &value->number) == 0 ? 0 : -EINVAL;
	case AXIS_BACKING:
		return parse_backing(item, value);
	case AXIS_PREALLOC:
		return parse_word(&populate_names, item, value);
	case AXIS_SMP:
		return number_parse(item, 1, GUEST_MAX_VCPUS, &value->number) == 0 ? 0 : -EINVAL;
	case AXIS_IRQCHIP:
		return parse_word(&choice_names, item, value);
	case AXES:
		break;
	}
	return -EINVAL;
}

/* The page is spelled where the kind of backing has several. */
static void spell_backing(const struct axis_value *value, char *text)
{
	const char *kind = backing_name(value->backing);
	char page[24];

	text[0] = '\0';
	if (value->path[0] != '\0')
		append(text, AXIS_ITEM_BYTES, "path:%s", value->path);
	else if (value->backing == BACKING_ANON || value->backing == BACKING_THP || value->number == 0)
		append(text, AXIS_ITEM_BYTES, "%s", kind);
	else
		append(text, AXIS_ITEM_BYTES, "%s:%s", kind, size_format(value->number, page));
}

const char *axis_spell(enum axis_id id, const struct axis_value *value, char *text)
{
	unsigned int number = (unsigned int)value->number;

	switch (id) {
	case AXIS_GUEST_PAGE:
		if (value->number != 0)
			return size_format(value->number, text);
		(void)snprintf(text, AXIS_ITEM_BYTES, "native");
		break;
	case AXIS_BACKING:
		spell_backing(value, text);
		break;
	case AXIS_PREALLOC:
		(void)snprintf(text, AXIS_ITEM_BYTES, "%s", name_of(&populate_names, number));
		break;
	case AXIS_SMP:
		(void)snprintf(text, AXIS_ITEM_BYTES, "%u", number);
		break;
	case AXIS_IRQCHIP:
		(void)snprintf(text, AXIS_ITEM_BYTES, "%s", name_of(&choice_names, number));
		break;
	case AXES:
		text[0] = '\0';
		break;
	}
	return text;
}

int axis_index(const struct axis_values *values, const struct axis_value *value)
{
	for (uint32_t i = 0; i < values->count; i++) {
		const struct axis_value *v = &values->list[i];

		if (v->number == value->number && v->backing == value->backing &&
		    strcmp(v->path, value->path) == 0)
			return (int)i;
	}
	return -1;
}

static json_t *values_json(enum axis_id id, const struct axis_values *values)
{
	json_t *array = json_array();
	char text[AXIS_ITEM_BYTES];

	for (uint32_t i = 0; i < values->count; i++) {
		const struct axis_value *value = &values->list[i];

		json_push(&array,
			  id == AXIS_SMP ? json_u64(value->number) : json_words(axis_spell(id, value, text)));
	}
	return array;
}

json_t *sweep_axes_json(const struct work_spec *work, const struct sweep_spec *sweep)
{
	json_t *o = json_object(), *workloads = json_array(), *sets = json_array();
	char text[32];

	for (int id = 0; id < AXES; id++) {
		(void)snprintf(text, sizeof(text), "%s", axis_table[id].name);
		/* Member names have no hyphens. */
		for (char *c = text; *c != '\0'; c++)
			*c = (char)(*c == '-' ? '_' : *c);
		json_put(&o, text, values_json((enum axis_id)id, &sweep->axes[id]));
	}
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
	char value[AXIS_ITEM_BYTES];

	text[0] = '\0';
	if (sweep->baseline != NULL) {
		append(text, size, "%s", sweep->baseline);
		return;
	}
	for (int id = AXIS_GUEST_PAGE; id <= AXIS_BACKING; id++)
		append(text, size, "%s%s=%s", id != AXIS_GUEST_PAGE ? "," : "", axis_table[id].name,
		       axis_spell((enum axis_id)id, &sweep->axes[id].list[0], value));
}
