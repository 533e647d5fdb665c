/*
 * Two levels of TLB simulated exactly: what a load in a random order over n addresses costs, to hold findings against.
 */
#ifndef MINIVMM_TESTS_SIM_TLB_H
#define MINIVMM_TESTS_SIM_TLB_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "permute.h"
#include "include/random.h"

#define MAX_WAYS 256
#define MAX_SETS 512

/* One level: LRU, `sets` a power of two; hashed: all bits of the page number choose the set. */
struct sim_tlb {
	uint32_t sets, ways;
	bool hashed;
	uint64_t page_bytes;              /* what an entry covers */
	uint64_t tag[MAX_SETS][MAX_WAYS]; /* most recent first; 0: empty */
};

struct sim {
	struct sim_tlb first, second;
	double base, first_miss, second_miss;
	double data_miss; /* of a cache of data_lines lines, where each load has its own */
	uint64_t data_lines;
};

static bool sim_hit(struct sim_tlb *t, uint64_t address)
{
	uint64_t page = address / t->page_bytes, tag = page + 1;
	uint64_t *set = t->tag[(t->hashed ? random_mix(page) : page) % t->sets];
	uint32_t way = 0;
	bool hit;

	while (way < t->ways && set[way] != tag)
		way++;
	hit = way < t->ways;
	memmove(&set[1], &set[0], (hit ? way : t->ways - 1) * sizeof(set[0]));
	set[0] = tag;
	return hit;
}

static double sim_cycles(struct sim *s, uint64_t n, uint64_t stride_bytes)
{
	struct permutation p = permutation_of(n, n);
	double cycles = 0;

	memset(s->first.tag, 0, sizeof(s->first.tag));
	memset(s->second.tag, 0, sizeof(s->second.tag));
	for (uint64_t k = 0; k < 3 * n; k++) {
		uint64_t address = permutation_at(&p, k % n) * stride_bytes;
		double cost = s->base;

		if (!sim_hit(&s->first, address))
			cost += sim_hit(&s->second, address) ? s->first_miss : s->second_miss;
		cycles += k >= 2 * n ? cost : 0;
	}
	return cycles / (double)n + (s->data_lines != 0 && n > s->data_lines ? s->data_miss : 0);
}

#endif
