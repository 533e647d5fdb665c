/*
 * L1 and L2 are indexed by the lowest bits; L3 by all of them, as its slices are on every CPU described.
 */
#include "vmm/theory/simulate/cache.h"

#include "units.h"

int cache_init(struct cache *cache, const struct cpu_model *cpu)
{
	static const enum cpu_figure bytes[] = { CPU_L1D_BYTES, CPU_L2_BYTES, CPU_L3_BYTES };
	static const enum cpu_figure ways[] = { CPU_L1D_WAYS, CPU_L2_WAYS, CPU_L3_WAYS };
	int ret = 0;

	*cache = (struct cache){ .cycle_parts = { cpu->figure[CPU_L1D_CYCLES], cpu->figure[CPU_L2_CYCLES],
						  cpu->figure[CPU_L3_CYCLES],
						  cpu->figure[CPU_MEMORY_CYCLES] } };
	for (int i = 0; i < LEVEL_MEMORY && ret == 0; i++) {
		uint64_t lines = cpu->figure[bytes[i]] / CACHE_LINE_BYTES;
		uint64_t w = cpu->figure[ways[i]];

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
