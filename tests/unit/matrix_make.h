/*
 * Matrices made by hand, for tests of what follows from them.
 */
#ifndef MINIVMM_TESTS_UNIT_MATRIX_MAKE_H
#define MINIVMM_TESTS_UNIT_MATRIX_MAKE_H

#include "test.h"
#include "units.h"
#include "vmm/lab/sweep/key.h"
#include "vmm/util/workloads.h"

#define LATENCY_UNIT "core cycles/access"
#define RATE_UNIT "bytes/s"

/* Room for `cells` cells, so that they do not move. */
static inline void make_matrix(struct matrix *m, uint32_t cells)
{
	*m = (struct matrix){ .complete = true, .allocations = 5, .repeat = 10 };
	(void)snprintf(m->version, sizeof(m->version), "0.1.0");
	(void)snprintf(m->started, sizeof(m->started), "2026-11-26T11:20:00Z");
	(void)snprintf(m->baseline, sizeof(m->baseline), "guest-page=4K,backing=anon");
	m->cells = calloc(cells, sizeof(*m->cells));
	assert_non_null(m->cells);
}

/* One vCPU, preallocated, ok, 64M; guest_page_bytes 0: native. */
static inline struct matrix_cell *make_cell(struct matrix *m, uint64_t guest_page_bytes, const char *backing,
					    uint64_t page_bytes, const char *workload, uint64_t working_set)
{
	struct matrix_cell *cell = &m->cells[m->datum_count++];

	*cell = (struct matrix_cell){ .native = guest_page_bytes == 0,
				      .guest_page_bytes = guest_page_bytes,
				      .page_bytes = page_bytes,
				      .populate = POPULATE_PREALLOC,
				      .vcpus = 1,
				      .working_set_bytes = working_set,
				      .memory_bytes = 64 * MIB,
				      .state = STATE_OK };
	cell->backing = (enum backing_kind)name_find(&backing_names, backing);
	cell_set_workload(cell, (enum workload_id)workload_find(workload));
	matrix_cell_name(cell);
	return cell;
}

/* A run of that round with nothing in it; NULL-safe members only. */
static inline struct matrix_run *make_run(struct matrix_cell *cell, uint32_t round)
{
	struct matrix_run run = { .round = round, .attempt = 1, .verdict = "ok" };

	assert_int_equal(matrix_cell_add_run(cell, &run), 0);
	for (uint32_t i = 0; i < cell->run_count; i++) {
		if (cell->runs[i].round == round)
			return &cell->runs[i];
	}
	fail_msg("a run that was added is not there");
	return NULL;
}

/* A row of `pages` pages and `count` samples, copied. */
static inline struct matrix_row *make_row(struct matrix_run *run, const char *variant, uint64_t pages,
					  const char *unit, const double *samples, uint32_t count)
{
	struct matrix_row *row;

	run->rows = reallocarray(run->rows, run->row_count + 1, sizeof(*run->rows));
	assert_non_null(run->rows);
	row = &run->rows[run->row_count++];
	*row = (struct matrix_row){ .working_set_bytes = pages * PAGE_4K,
				    .pages = pages,
				    .accesses = 1000,
				    .exits = -1,
				    .page_faults = -1,
				    .interrupts = -1,
				    .switches = -1,
				    .sample_count = count };
	(void)snprintf(row->variant, sizeof(row->variant), "%s", variant);
	(void)snprintf(row->unit, sizeof(row->unit), "%s", unit);
	row->samples = calloc(count + 1, sizeof(*row->samples));
	assert_non_null(row->samples);
	if (count != 0)
		memcpy(row->samples, samples, count * sizeof(*samples));
	return row;
}

/* Rounds 0, 1, ... of the cell's pages, each with two samples whose median and least are the value. */
static inline void make_rounds(struct matrix_cell *cell, const double *values, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const double twice[] = { values[i], values[i] };

		(void)make_row(make_run(cell, i), "", cell->working_set_bytes / PAGE_4K, LATENCY_UNIT, twice,
			       2);
	}
}

#endif
