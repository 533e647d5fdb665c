/*
 * The machine that is simulated: the LRU sets that everything in it is made of, caches, both levels of TLB, the addresses
 * of page-table entries, and the page walker.
 */
#ifndef MINIVMM_THEORY_SIMULATE_WALKER_H
#define MINIVMM_THEORY_SIMULATE_WALKER_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/theory/simulate/cpu.h"
#include "vmm/theory/walk/walk_list.h"

/* A set-associative memory of keys that forgets the least recently used one of a set: TLB, walk cache or cache. */
struct lru {
	uint64_t sets; /* 0: holds nothing */
	uint32_t ways;
	bool hashed;    /* all bits of the key choose the set; else the lowest */
	uint64_t *keys; /* owned; [set][way], the most recent one first, plus one: 0 is empty */
};

/* Entries of one such memory at most: 512 MiB. */
#define LRU_MOST_ENTRIES (UINT64_C(1) << 26)

/* Empty. sets or ways of 0: nothing ever hits. 0, -E2BIG or -ENOMEM; lru_free releases it. */
int lru_init(struct lru *l, uint64_t sets, uint32_t ways, bool hashed);
void lru_free(struct lru *l);

/* Whether it holds key (below 2^64 - 1), which then is the most recent of its set. */
bool lru_find(struct lru *l, uint64_t key);

/* The same; a key that was not there takes the place of the least recent one of its set. */
bool lru_touch(struct lru *l, uint64_t key);

/*
 * The caches hold lines of data and of page tables alike. A load fills every level on its way: victim caches and
 * exclusive caches are not modelled.
 */
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

enum tlb_result { TLB_DTLB_HIT, TLB_STLB_HIT, TLB_MISS };

/* Both levels of TLB for pages of one size. */
struct tlb {
	struct lru dtlb, stlb;
	uint64_t leaf_bytes;       /* what an entry of the dTLB covers */
	uint64_t stlb_entry_bytes; /* of the STLB: less where it smashes 1G pages */
};

/* Empty TLBs of *cpu for pages of leaf_bytes. 0, -E2BIG or -ENOMEM; tlb_free releases them, also after an error. */
int tlb_init(struct tlb *tlb, const struct cpu_model *cpu, uint64_t leaf_bytes);
void tlb_free(struct tlb *tlb);

/* Look an address up. The entry is in both levels afterwards, as if the walk had filled it in where it missed. */
enum tlb_result tlb_look(struct tlb *tlb, uint64_t address);

/*
 * Addresses of the page-table entries that a walk reads, computed for the memory of one run. No table is built.
 *
 * The guest's tables lie in its pool in the order in which it builds them, the root in its image; those of alias are the
 * four of its window. Where the host's tables, the kernel's and shadow tables lie is not known: the tables of a level are
 * taken to follow each other, as the frames of the guest's RAM do.
 */
struct tables {
	enum walk_kind kind;
	bool window; /* alias: the same memory everywhere, through one table of each level */
	uint32_t
		guest_levels; /* of the tables that a GVA indexes: the guest's, the kernel's, shadow; 0: unpaged */
	uint32_t guest_leaf_level; /* 1 for 4K, 2 for 2M, 3 for 1G */
	uint32_t host_levels;      /* of the tables that a GPA indexes; 0: there is no second dimension */
	uint32_t host_leaf_level;
	uint64_t guest_leaf_bytes; /* what the guest maps, whatever the shadow tables do */
	uint64_t walk_leaf_bytes;  /* what a TLB entry that combines both dimensions covers */
};

/* False for an invalid plan, or a window without paging. */
bool tables_make(const struct walk_plan *plan, bool window, struct tables *t);

/* Address that the program uses for a byte of the working set: a GVA, unpaged a GPA. */
uint64_t tables_address(const struct tables *t, uint64_t offset_bytes);

/* Guest-physical address behind the program's address. Natively there is only one, the frame's. */
uint64_t tables_gpa(const struct tables *t, uint64_t address);

/* The host's frame behind a guest-physical address. */
uint64_t tables_hpa(const struct tables *t, uint64_t gpa);

/* Guest-physical address of the entry of that level that translates address; of a frame where kind is not nested. */
uint64_t tables_guest_entry(const struct tables *t, uint64_t address, uint32_t level);

/* Frame address of the host's entry of that level that translates gpa. */
uint64_t tables_host_entry(uint64_t gpa, uint32_t level);

/* Levels 1 to 5. */
#define WALKER_LEVELS 6

struct walk_counts {
	uint64_t guest_references, host_references;
	/* By level: walks of each dimension that began below a cached entry of that level. */
	uint64_t pwc_hits[WALKER_LEVELS], host_pwc_hits[WALKER_LEVELS];
	uint64_t nested_tlb_hits, nested_tlb_misses;
	uint64_t guest_loads[LEVEL_COUNT], host_loads[LEVEL_COUNT];
};

/*
 * The page walker: caches of upper entries for both dimensions, the nested TLB, and reads of entries through the caches
 * of data.
 *
 * An entry of the guest dimension's walk cache holds the host's address of the next table (Intel SDM vol. 3C, caching of
 * translations, combined mappings; AMD APM vol. 2, 15.25.9), so a hit saves the guest's entries above and the host's
 * walks for them, that for the next table too. The nested TLB holds the frame of a guest page: a hit saves a whole host
 * walk. Assumed, as no maker says it: it keeps frames of data as well as of tables, and one walk fills all caches.
 */
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
