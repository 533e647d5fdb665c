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

#include "permute.h"
#include "vmm/theory/simulate/closed_form.h"
#include "vmm/theory/simulate/walker.h"
#include "vmm/util/workloads.h"
#include "walk_shape.h"

/* Largest working set, and most accesses in all, warm-up included. They take 15 seconds and 100 MiB at most. */
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
	uint32_t theory_references; /* of one miss without any cache */
	double references_per_walk; /* 0 where nothing walks */
	double cycles_per_access; /* gups: limited by misses at once or by walks at once, whichever is scarcer */
	double data_cycles_per_access; /* the same without translation */
};

/*
 * Simulate. 0, or -errno with *e set: -EINVAL for an invalid plan, workload or stride, -E2BIG for more than the limits
 * above, -ENOMEM.
 */
int simulate(const struct simulation_input *input, struct simulation *out, struct error *e);

/* A workload simulated, and the closed form beside it. */
struct simulation_row {
	struct simulation_input input;
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

/*
 * The addresses that a workload loads, in its own order: the same generators, the same seed. The unit tests compare them
 * address by address with the workloads themselves.
 */
struct sequence {
	enum workload_id workload;
	uint64_t lines;         /* lines of the cycle or walk; 8-byte words of gups */
	uint64_t pages;         /* the n that the workload reports */
	uint64_t pass_accesses; /* that visit the working set once */
	uint64_t turn;          /* accesses so far */
	uint64_t seed, state;   /* of gups */
	uint32_t *next;         /* chase, packed: owned; the line that follows a line */
	uint32_t line;
	struct walk_shape shape; /* alias; base_gva is 0 */
	struct permutation order;
};

/* The most lines of a cycle: 64 MiB of 32-bit numbers. */
#define SEQUENCE_MOST_LINES (UINT64_C(1) << 24)

/*
 * stride_bytes and leaf_bytes are of alias alone. 0; -EINVAL: the workload is not simulated, the stride is none of its
 * own, or the set is smaller than a page; -E2BIG, -ENOMEM. sequence_free releases it, also after an error.
 */
int sequence_init(struct sequence *s, enum workload_id workload, uint64_t working_set_bytes,
		  uint64_t stride_bytes, uint64_t leaf_bytes, uint64_t seed);
void sequence_free(struct sequence *s);

/* One access: its offset from the first byte of the working set, and whether it writes. */
uint64_t sequence_next(struct sequence *s, bool *write);

#endif
