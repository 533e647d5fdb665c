/*
 * Sets are short arrays in the order of use: the ways are few, so that a search beats any list.
 */
#include "vmm/theory/simulate/caches.h"

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

static void bring_to_front(uint64_t *set, uint32_t way, uint64_t key)
{
	memmove(&set[1], &set[0], way * sizeof(set[0]));
	set[0] = key + 1;
}

/* Whether it holds key, which then becomes the most recent one of its set; else insert decides whether it does. */
static bool use(struct lru *l, uint64_t key, bool insert)
{
	uint64_t *set;
	uint32_t way = 0;

	if (l->sets == 0)
		return false;
	set = set_of(l, key);
	while (way < l->ways && set[way] != key + 1)
		way++;
	if (way < l->ways || insert)
		bring_to_front(set, way < l->ways ? way : l->ways - 1, key);
	return way < l->ways;
}

bool lru_find(struct lru *l, uint64_t key)
{
	return use(l, key, false);
}

bool lru_touch(struct lru *l, uint64_t key)
{
	return use(l, key, true);
}

/* L1 and L2 are indexed by the lowest bits; L3 by all of them, as its slices are on every CPU described. */
int cache_init(struct cache *cache, const struct cpu_model *cpu)
{
	int ret = 0;

	*cache = (struct cache){ .cycle_parts[LEVEL_MEMORY] = cpu->parameter[CPU_MEMORY_CYCLES] };
	for (int i = 0; i < LEVEL_MEMORY && ret == 0; i++) {
		uint64_t lines = cpu->parameter[cpu_caches[i].bytes] / CACHE_LINE_BYTES;
		uint64_t w = cpu->parameter[cpu_caches[i].ways];

		cache->cycle_parts[i] = cpu->parameter[cpu_caches[i].cycles];
		ret = lru_init(&cache->level[i], w != 0 ? lines / w : 0, (uint32_t)w, i == LEVEL_L3);
	}
	return ret;
}

void cache_free(struct cache *cache)
{
	for (int i = 0; i < LEVEL_MEMORY; i++)
		lru_free(&cache->level[i]);
}

enum simulated_level cache_load(struct cache *cache, uint64_t pa)
{
	int i = 0;

	while (i < LEVEL_MEMORY && !lru_touch(&cache->level[i], pa / CACHE_LINE_BYTES))
		i++;
	return (enum simulated_level)i;
}

int tlb_init(struct tlb *tlb, const struct cpu_model *cpu, uint64_t leaf_bytes)
{
	struct cpu_tlb first = cpu_tlb(cpu, false, leaf_bytes);
	struct cpu_tlb second = cpu_tlb(cpu, true, leaf_bytes);
	int ret;

	*tlb = (struct tlb){ .leaf_bytes = leaf_bytes, .stlb_entry_bytes = second.entry_bytes };
	ret = lru_init(&tlb->dtlb, first.sets, first.ways, first.hashed);
	return ret != 0 ? ret : lru_init(&tlb->stlb, second.sets, second.ways, second.hashed);
}

void tlb_free(struct tlb *tlb)
{
	lru_free(&tlb->dtlb);
	lru_free(&tlb->stlb);
}

/* Every look-up fills both levels. The STLB is looked up, and so refreshed, only where the dTLB misses. */
enum tlb_result tlb_look(struct tlb *tlb, uint64_t address)
{
	if (lru_touch(&tlb->dtlb, address / tlb->leaf_bytes))
		return TLB_DTLB_HIT;
	return lru_touch(&tlb->stlb, address / tlb->stlb_entry_bytes) ? TLB_STLB_HIT : TLB_MISS;
}
