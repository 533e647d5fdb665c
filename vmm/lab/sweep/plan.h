/*
 * From axes to cells: what will run, decided before anything does.
 */
#ifndef MINIVMM_LAB_SWEEP_PLAN_H
#define MINIVMM_LAB_SWEEP_PLAN_H

#include "vmm/lab/spec.h"
#include "vmm/lab/sweep/matrix.h"
#include "vmm/lab/sweep/spec.h"
#include "vmm/util/error.h"

#define SWEEP_MAX_CELLS 20000

/*
 * Fill the cells of *m, which is zeroed, and what it says of the plan: each combination of the axes of *sweep, the
 * workloads and working sets of *run is one cell, with the least memory that it needs where the sweep names none. A combination that
 * contradicts itself is a cell too, in STATE_REFUSED with the reason. Cells of one workload and working set lie together,
 * backings innermost. Touches no memory; asks the kernel for page sizes only.
 *
 * 0, or -errno with *e set: more than SWEEP_MAX_CELLS, not one cell that could run (with the first reason), no memory.
 */
int sweep_plan(const struct run_spec *run, const struct sweep_spec *sweep, struct matrix *m, struct error *e);

/*
 * A number for all that has to be equal where a sweep is resumed: the cells and the command of each. Rounds and retries
 * may differ.
 */
uint64_t sweep_plan_digest(const struct matrix *m);

/*
 * Of one cell: *r with the cell's values and memory_bytes, as the run's planner sees it. Decides the memory, resolves the
 * backing's page, names the cell, and makes its command. What the planner refuses is the cell's state and reason. 0 or
 * -ENOMEM.
 */
int plan_cell(const struct run_spec *r, bool memory_given, struct matrix_cell *cell);

/* What the record says of the axes, an object of arrays: a new reference, or NULL. */
json_t *sweep_axes_json(const struct work_spec *work, const struct sweep_spec *sweep);

/* The baseline as axis=value parts: what was asked, or the first guest page and the first backing. */
void sweep_baseline(const struct sweep_spec *sweep, char *text, size_t size);

#endif
