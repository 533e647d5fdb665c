/*
 * One load at a random place of a memory of any size, in closed form: what no machine at hand is large enough to measure.
 */
#ifndef MINIVMM_THEORY_SIMULATE_RANDOM_ACCESS_H
#define MINIVMM_THEORY_SIMULATE_RANDOM_ACCESS_H

#include <stdint.h>

#include "vmm/theory/walk/walk_list.h"
#include "vmm/theory/simulate/closed_form.h"
#include "vmm/theory/simulate/cpu.h"

struct random_access {
	uint32_t dtlb_entries, stlb_entries; /* for the page that a TLB entry covers; 0: none */
	uint64_t dtlb_entry_bytes, stlb_entry_bytes;
	double data_cycles;             /* the load alone, its share of each cache by size */
	struct closed_form_terms terms; /* with a walk constant of 0 */
};

/* memory_bytes is 4 KiB at least. Pure. */
void random_access_predict(const struct cpu_model *cpu, const struct walk_plan *plan, uint64_t leaf_bytes,
			   uint64_t memory_bytes, struct random_access *out);

#endif
