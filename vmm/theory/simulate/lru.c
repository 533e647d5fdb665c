/*
 * Sets as short arrays in the order of use: the ways are few, so that a search beats any list.
 */
#include "vmm/theory/simulate/lru.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "units.h"

int lru_init(struct lru *l, uint64_t sets, uint32_t ways, bool hashed)
{
	uint64_t entries;

	*l = (struct lru){ .sets = ways != 0 ? sets : 0, .ways = ways, .hashed = hashed };
	if (l->sets == 0)
		return 0;
	if (!checked_mul(sets, ways, &entries) || entries > LRU_MOST_ENTRIES) {
		l->sets = 0;
		return -E2BIG;
	}
	l->keys = calloc(entries, sizeof(*l->keys));
	if (l->keys == NULL) {
		l->sets = 0;
		return -ENOMEM;
	}
	return 0;
}

void lru_free(struct lru *l)
{
	free(l->keys);
	*l = (struct lru){ 0 };
}

static uint64_t *set_of(const struct lru *l, uint64_t key)
{
	uint64_t index = l->hashed ? random_mix(key) : key;

	return l->keys + (is_pow2(l->sets) ? index & (l->sets - 1) : index % l->sets) * l->ways;
}

static uint32_t way_of(const struct lru *l, const uint64_t *set, uint64_t key)
{
	uint32_t way = 0;

	while (way < l->ways && set[way] != key + 1)
		way++;
	return way;
}

static void bring_to_front(uint64_t *set, uint32_t way, uint64_t key)
{
	memmove(&set[1], &set[0], way * sizeof(set[0]));
	set[0] = key + 1;
}

bool lru_find(struct lru *l, uint64_t key)
{
	uint64_t *set;
	uint32_t way;

	if (l->sets == 0)
		return false;
	set = set_of(l, key);
	way = way_of(l, set, key);
	if (way == l->ways)
		return false;
	bring_to_front(set, way, key);
	return true;
}

bool lru_touch(struct lru *l, uint64_t key)
{
	uint64_t *set;
	uint32_t way;

	if (l->sets == 0)
		return false;
	set = set_of(l, key);
	way = way_of(l, set, key);
	bring_to_front(set, way < l->ways ? way : l->ways - 1, key);
	return way < l->ways;
}

void lru_insert(struct lru *l, uint64_t key)
{
	(void)lru_touch(l, key);
}
