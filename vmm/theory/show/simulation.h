/*
 * Simulations that were asked for: each workload over each working set, alias at each of its strides.
 */
#ifndef MINIVMM_THEORY_SHOW_SIMULATION_H
#define MINIVMM_THEORY_SHOW_SIMULATION_H

#include <stdint.h>

#include "vmm/util/workloads.h"
#include "vmm/theory/simulate/simulate.h"
#include "vmm/util/error.h"

struct theory_simulation {
	const struct cpu_model *cpu; /* borrowed */
	uint32_t count;
	struct simulation_row *rows; /* owned */
};

/* 0, or -errno with *e set; then there is nothing to free. */
int theory_simulation_make(const struct work_spec *work, const struct walk_plan *plan,
			   const struct cpu_model *cpu, struct theory_simulation *s, struct error *e);
void theory_simulation_free(struct theory_simulation *s);

#endif
