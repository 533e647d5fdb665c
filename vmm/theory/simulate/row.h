/*
 * One row of a prediction: a workload simulated, and the closed form beside it.
 */
#ifndef MINIVMM_THEORY_SIMULATE_ROW_H
#define MINIVMM_THEORY_SIMULATE_ROW_H

#include <stdbool.h>

#include "vmm/theory/simulate/closed_form.h"
#include "vmm/theory/simulate/simulate.h"

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

#endif
