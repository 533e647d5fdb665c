/*
 * The page walker: caches of upper entries for both dimensions, the nested TLB, and reads of entries through the caches
 * of data.
 *
 * An entry of the guest dimension's walk cache holds the host's address of the next table (Intel SDM vol. 3C, caching of
 * translations, combined mappings; AMD APM vol. 2, 15.25.9), so a hit saves the guest's entries above and the host's
 * walks for them, that for the next table too. The nested TLB holds the frame of a guest page: a hit saves a whole host
 * walk. Assumed, as no maker says it: it keeps frames of data as well as of tables, and one walk fills all caches.
 */
#ifndef MINIVMM_THEORY_SIMULATE_WALKER_H
#define MINIVMM_THEORY_SIMULATE_WALKER_H

#include "vmm/theory/simulate/caches.h"
#include "vmm/theory/simulate/cpu.h"
#include "vmm/theory/simulate/tables.h"

/* Levels 1 to 5. */
#define WALKER_LEVELS 6

struct walk_counts {
	uint64_t guest_references, host_references;
	/* By level: walks of each dimension that began below a cached entry of that level. */
	uint64_t pwc_hits[WALKER_LEVELS], host_pwc_hits[WALKER_LEVELS];
	uint64_t nested_tlb_hits, nested_tlb_misses;
	uint64_t guest_loads[LEVEL_COUNT], host_loads[LEVEL_COUNT];
};

struct walker {
	const struct tables *tables;
	struct cache *cache;
	uint64_t fixed_parts; /* hundredths of a cycle */
	struct lru pwc[WALKER_LEVELS], host_pwc[WALKER_LEVELS], nested_tlb;
	struct walk_counts counts;
};

/* Walker with empty caches; tables and cache stay the caller's. 0, -E2BIG or -ENOMEM; walker_free also after an error. */
int walker_init(struct walker *w, const struct cpu_model *cpu, const struct tables *tables,
		struct cache *cache);
void walker_free(struct walker *w);

/* Walk one address to its end; adds to counts. What it took, in hundredths of a cycle. */
uint64_t walker_walk(struct walker *w, uint64_t address);

#endif
