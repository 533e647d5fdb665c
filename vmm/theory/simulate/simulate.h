/*
 * A workload's loads, one by one, through TLBs, walk caches, page tables and caches that a description names. Exact
 * counts of that machine; no estimate, no random numbers but the workload's own.
 *
 * Assumed: LRU everywhere; the guest's RAM and the tables of each level lie in consecutive frames of the host; code,
 * stack and the list of addresses that alias reads in sequence do not disturb; nothing is prefetched.
 */
#ifndef MINIVMM_THEORY_SIMULATE_SIMULATE_H
#define MINIVMM_THEORY_SIMULATE_SIMULATE_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/theory/simulate/closed_form.h"
#include "vmm/theory/simulate/cpu.h"
#include "vmm/theory/simulate/walker.h"
#include "vmm/theory/walk/walk_list.h"
#include "vmm/util/error.h"
#include "vmm/util/workloads.h"
#include "workload.h"

/* Largest working set, and most accesses in all, warm-up included: some 15 seconds and 100 MiB at the most. */
#define SIMULATE_MOST_BYTES (UINT64_C(16) << 30)
#define SIMULATE_MOST_ACCESSES (UINT64_C(1) << 24)

struct simulation_input {
	const struct cpu_model *cpu;
	struct walk_plan plan;
	enum workload_id workload; /* one that IS_SIMULATED */
	uint64_t working_set_bytes;
	uint64_t stride_bytes; /* alias: 64, 4K, 2M, 1G or 512G; else 0 */
	uint64_t accesses;     /* timed; 0: one pass over the working set (gups: 2^20 updates) */
	uint64_t seed;
	uint32_t warm_passes;
};

/* Counts of the timed accesses alone. */
struct simulation {
	uint64_t pages; /* the n that the workload reports */
	uint64_t accesses;
	uint64_t tlb_leaf_bytes;                                 /* what a TLB entry covers */
	uint64_t dtlb_hits, dtlb_misses, stlb_hits, stlb_misses; /* of the STLB: of what missed the dTLB */
	uint64_t walks;
	/* Entries read and where they were found; natively and under shadow paging all are the guest dimension's. */
	struct walk_counts walk;
	uint64_t data_loads[LEVEL_COUNT];
	double data_cycles, stlb_cycles, walk_cycles; /* of all accesses, one after another */
	/* Derived: */
	uint32_t theory_references;    /* of one miss without any cache */
	double references_per_walk;    /* 0 where nothing walks */
	double cycles_per_access;      /* gups: what the scarcer of misses and walks at once lets through */
	double data_cycles_per_access; /* the same without translation */
};

/*
 * Simulate. 0, or -errno with *e set: -EINVAL for an invalid plan, workload or stride, -E2BIG for more than the limits
 * above, -ENOMEM.
 */
int simulate(const struct simulation_input *input, struct simulation *out, struct error *e);

/* A workload simulated, and the closed form beside it. */
struct simulation_row {
	struct walk_plan plan;
	enum workload_id workload;
	uint64_t working_set_bytes, stride_bytes;
	struct simulation counts;
	bool have_closed; /* not for gups: the closed form is of one access after another */
	struct closed_form_terms closed;
};

/*
 * Simulate *input and what its data alone costs (packed; of alias: its control), and put the closed form beside it, with
 * that data cost and walk_constant_cycles. 0 or -errno with *e set, as simulate().
 */
int simulation_row_make(const struct simulation_input *input, double walk_constant_cycles,
			struct simulation_row *row, struct error *e);

/* The rows of what was asked: each workload over each working set, alias at each of its strides. */
struct simulation_series {
	const struct cpu_model *cpu; /* borrowed */
	uint32_t count;
	struct simulation_row *rows; /* owned */
};

/* 0, or -errno with *e set; then there is nothing to free. */
int simulation_series_make(const struct work_spec *work, const struct walk_plan *plan,
			   const struct cpu_model *cpu, struct simulation_series *s, struct error *e);
void simulation_series_free(struct simulation_series *s);

#endif
