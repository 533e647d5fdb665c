/*
 * Keys of cells by axis, and a sorted index of them.
 */
#include "vmm/lab/sweep/key.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/util/size.h"
#include "vmm/util/text.h"
#include "vmm/util/workloads.h"

struct key_entry {
	char joined[KEY_JOINED_BYTES];
	const struct matrix_cell *cell;
};

void cell_axis(const struct matrix_cell *cell, enum axis_id id, struct axis_value *value)
{
	*value = (struct axis_value){ .number = 0 };
	switch (id) {
	case AXIS_GUEST_PAGE:
		value->number = cell->native ? 0 : cell->guest_page_bytes;
		break;
	case AXIS_BACKING:
		value->backing = cell->backing;
		value->number = cell->page_bytes;
		append(value->path, sizeof(value->path), "%s", cell->path);
		break;
	case AXIS_PREALLOC:
		value->number = cell->populate;
		break;
	case AXIS_SMP:
		value->number = cell->vcpus;
		break;
	case AXIS_IRQCHIP:
		value->number = cell->irqchip;
		break;
	case AXES:
		break;
	}
}

void cell_set_axis(struct matrix_cell *cell, enum axis_id id, const struct axis_value *value)
{
	switch (id) {
	case AXIS_GUEST_PAGE:
		cell->native = value->number == 0;
		cell->guest_page_bytes = value->number;
		break;
	case AXIS_BACKING:
		cell->backing = value->backing;
		cell->page_bytes = value->number;
		memcpy(cell->path, value->path, sizeof(cell->path));
		break;
	case AXIS_PREALLOC:
		cell->populate = (enum populate)value->number;
		break;
	case AXIS_SMP:
		cell->vcpus = (uint32_t)value->number;
		break;
	case AXIS_IRQCHIP:
		cell->irqchip = (enum choice)value->number;
		break;
	case AXES:
		break;
	}
}

const char *cell_spell(const struct matrix_cell *cell, enum axis_id id, char *text)
{
	struct axis_value value;

	cell_axis(cell, id, &value);
	return axis_spell(id, &value, text);
}

void cell_set_workload(struct matrix_cell *cell, enum workload_id id)
{
	const struct workload_info *workload = &workload_table[id];

	(void)snprintf(cell->workload, sizeof(cell->workload), "%s", workload->name);
	(void)snprintf(cell->operation, sizeof(cell->operation), "%s", workload->operation);
	cell->over_pages = (workload->needs & COSTS_BY_PAGES) != 0;
}

void matrix_cell_name(struct matrix_cell *cell)
{
	size_t size = sizeof(cell->key);
	char text[AXIS_ITEM_BYTES];

	cell->key[0] = '\0';
	for (int id = 0; id < AXES; id++) {
		if (id != AXIS_IRQCHIP || cell->irqchip != CHOICE_DEFAULT)
			append(cell->key, size, "%s%s=%s", id != 0 ? "," : "", axis_table[id].name,
			       cell_spell(cell, (enum axis_id)id, text));
	}
	append(cell->key, size, ",workload=%s", cell->workload);
	if (cell->working_set_bytes != 0)
		append(cell->key, size, ",working-set=%s", size_format(cell->working_set_bytes, text));
	if (cell->is_b)
		append(cell->key, size, ",versus=b");
}

/* "guest-page", ... */
static const char *key_axis_name(uint32_t axis)
{
	static const char *const others[KEY_AXES - AXES] = { "workload", "working-set", "versus" };

	return axis < AXES ? axis_table[axis].name : others[axis - AXES];
}

static int put_axis(struct key *key, const char *name, size_t name_bytes, const char *value,
		    size_t value_bytes)
{
	for (uint32_t axis = 0; axis < KEY_AXES; axis++) {
		const char *own = key_axis_name(axis);

		if (strlen(own) != name_bytes || memcmp(own, name, name_bytes) != 0)
			continue;
		if (value_bytes >= KEY_VALUE_BYTES)
			return -EINVAL;
		memcpy(key->values[axis], value, value_bytes);
		key->values[axis][value_bytes] = '\0';
		return 0;
	}
	return -EINVAL;
}

int key_override(struct key *key, const char *text)
{
	while (*text != '\0') {
		size_t bytes = strcspn(text, ","), name_bytes = strcspn(text, "=,");
		int ret;

		if (text[name_bytes] != '=')
			return -EINVAL;
		ret = put_axis(key, text, name_bytes, text + name_bytes + 1, bytes - name_bytes - 1);
		if (ret != 0)
			return ret;
		text += bytes;
		if (*text == ',')
			text++;
	}
	return 0;
}

int key_parse(const char *text, struct key *key)
{
	*key = (struct key){ .values = { [AXIS_IRQCHIP] = "default" } };
	return key_override(key, text);
}

void key_join(const struct key *key, uint32_t without, char joined[KEY_JOINED_BYTES])
{
	joined[0] = '\0';
	for (uint32_t axis = 0; axis < KEY_AXES; axis++)
		append(joined, KEY_JOINED_BYTES, "%s,", (without >> axis & 1) != 0 ? "" : key->values[axis]);
}

uint32_t joined_first(const void *array, uint32_t count, size_t element_bytes, const char *joined)
{
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (strcmp((const char *)array + middle * element_bytes, joined) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Equal keys in the order of the cells. */
static int by_key(const void *a, const void *b)
{
	const struct key_entry *x = a, *y = b;
	int order = strcmp(x->joined, y->joined);

	return order != 0 ? order : (x->cell > y->cell) - (x->cell < y->cell);
}

int key_index_make(const struct matrix *m, struct key_index *index)
{
	struct key key;

	*index = (struct key_index){ .count = 0 };
	if (m->datum_count == 0)
		return 0;
	index->entries = calloc(m->datum_count, sizeof(*index->entries));
	if (index->entries == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->datum_count; i++) {
		struct key_entry *entry = &index->entries[index->count];

		if (key_parse(m->cells[i].key, &key) != 0)
			continue;
		key_join(&key, 0, entry->joined);
		entry->cell = &m->cells[i];
		index->count++;
	}
	qsort(index->entries, index->count, sizeof(*index->entries), by_key);
	return 0;
}

void key_index_free(struct key_index *index)
{
	free(index->entries);
	*index = (struct key_index){ .count = 0 };
}

const struct matrix_cell *key_index_find(const struct key_index *index, const struct key *key)
{
	char joined[KEY_JOINED_BYTES];
	uint32_t at;

	key_join(key, 0, joined);
	at = joined_first(index->entries, index->count, sizeof(*index->entries), joined);
	if (at == index->count || strcmp(index->entries[at].joined, joined) != 0)
		return NULL;
	return index->entries[at].cell;
}
