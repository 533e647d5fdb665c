/*
 * Keys of cells by axis, and a sorted index of them.
 */
#include "vmm/lab/sweep/key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/util/append.h"

static const char *const names[KEY_AXES] = { "guest-page",     "backing",  "prealloc",   "smp",
					     "kernel-irqchip", "workload", "working-set" };

struct key_entry {
	char joined[KEY_JOINED_BYTES];
	const struct matrix_cell *cell;
};

const char *key_axis_name(enum key_axis axis)
{
	return (unsigned int)axis < KEY_AXES ? names[axis] : NULL;
}

static int take(struct key *key, const char *name, size_t name_bytes, const char *value, size_t value_bytes)
{
	for (uint32_t axis = 0; axis < KEY_AXES; axis++) {
		if (strlen(names[axis]) != name_bytes || memcmp(names[axis], name, name_bytes) != 0)
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
		ret = take(key, text, name_bytes, text + name_bytes + 1, bytes - name_bytes - 1);
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
	*key = (struct key){ .values = { [KEY_IRQCHIP] = "default" } };
	return key_override(key, text);
}

void key_join(const struct key *key, uint32_t without, char joined[KEY_JOINED_BYTES])
{
	joined[0] = '\0';
	for (uint32_t axis = 0; axis < KEY_AXES; axis++)
		append(joined, KEY_JOINED_BYTES, "%s,", (without >> axis & 1) != 0 ? "" : key->values[axis]);
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
	if (m->cell_count == 0)
		return 0;
	index->entries = calloc(m->cell_count, sizeof(*index->entries));
	if (index->entries == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->cell_count; i++) {
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
	uint32_t low = 0, high = index->count;
	char joined[KEY_JOINED_BYTES];

	key_join(key, 0, joined);
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (strcmp(index->entries[middle].joined, joined) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == index->count || strcmp(index->entries[low].joined, joined) != 0)
		return NULL;
	return index->entries[low].cell;
}
