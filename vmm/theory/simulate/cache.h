/*
 * L1, L2 and L3 for lines of data and of page tables alike. A load fills every level on its way: neither victim caches
 * nor exclusive ones are told apart.
 */
#ifndef MINIVMM_THEORY_SIMULATE_CACHE_H
#define MINIVMM_THEORY_SIMULATE_CACHE_H

#include "vmm/theory/simulate/cpu.h"
#include "vmm/theory/simulate/lru.h"

enum simulated_level { LEVEL_L1, LEVEL_L2, LEVEL_L3, LEVEL_MEMORY, LEVEL_COUNT };

struct cache {
	struct lru level[LEVEL_MEMORY];
	uint64_t cycle_parts[LEVEL_COUNT]; /* hundredths of a cycle */
};

/* Empty caches of *cpu. 0, -E2BIG or -ENOMEM; cache_free releases them, also after an error. */
int cache_init(struct cache *cache, const struct cpu_model *cpu);
void cache_free(struct cache *cache);

/* Load the line of a physical address: the level that had it. */
enum simulated_level cache_load(struct cache *cache, uint64_t pa);

#endif
