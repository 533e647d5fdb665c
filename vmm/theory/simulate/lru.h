/*
 * A set-associative memory of keys that forgets the least recently used one of a set: TLB, walk cache or cache.
 */
#ifndef MINIVMM_THEORY_SIMULATE_LRU_H
#define MINIVMM_THEORY_SIMULATE_LRU_H

#include <stdbool.h>
#include <stdint.h>

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

/* Make key the most recent of its set; a key that was not there takes the place of the least recent one. */
void lru_insert(struct lru *l, uint64_t key);

/* lru_find, and lru_insert where it was not there. */
bool lru_touch(struct lru *l, uint64_t key);

#endif
