/*
 * What the simulated CPU keeps: the LRU sets that everything is made of, the caches and both levels of TLB.
 *
 * The caches hold lines of data and of page tables alike. A load fills every level on its way: neither victim caches nor
 * exclusive ones are told apart.
 */
#ifndef MINIVMM_THEORY_SIMULATE_CACHES_H
#define MINIVMM_THEORY_SIMULATE_CACHES_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/theory/simulate/cpu.h"

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

#endif
