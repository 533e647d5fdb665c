/*
 * The addresses that a workload loads, in its own order: the same generators, the same seed. Compared address by
 * address with the workloads themselves in the unit tests.
 */
#ifndef MINIVMM_THEORY_SIMULATE_SEQUENCE_H
#define MINIVMM_THEORY_SIMULATE_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "permute.h"
#include "walk_shape.h"
#include "workload.h"

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
