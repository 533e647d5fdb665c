/*
 * A matrix made by hand, as a small sweep would leave it: for writers, readers and comparisons. What matrix_derive would
 * make is made by hand as well (sample_figures), so that a writer's test needs no statistics.
 */
#ifndef TESTS_UNIT_SAMPLE_MATRIX_H
#define TESTS_UNIT_SAMPLE_MATRIX_H

#include <math.h>

#include "golden.h"
#include "units.h"
#include "vmm/lab/record/stats.h"
#include "vmm/lab/sweep/key.h"
#include "vmm/util/workloads.h"

enum sample_cell {
	SAMPLE_CHASE_4K,
	SAMPLE_CHASE_2M,
	SAMPLE_PACKED_4K,
	SAMPLE_NATIVE,
	SAMPLE_TOUCH,        /* mismatch: figures of the first part, counts alone of the second */
	SAMPLE_CELL_REFUSED, /* no runs */
	SAMPLE_CELLS
};

enum { SAMPLE_ROUNDS = 3, SAMPLE_SAMPLES = 4 };

/* Zeroed, and there. */
static inline void *sample_alloc(size_t count, size_t bytes)
{
	void *data = calloc(count, bytes);

	if (data == NULL)
		abort();
	return data;
}

/* A setup of this host: `page` of the guest, 0 natively. */
static inline struct matrix_cell *sample_cell(struct matrix *m, uint64_t page, const char *backing,
					      uint64_t page_bytes, const char *workload, uint64_t bytes)
{
	struct matrix_cell *cell = &m->cells[m->datum_count++];

	*cell = (struct matrix_cell){ .native = page == 0,
				      .guest_page_bytes = page,
				      .page_bytes = page_bytes,
				      .populate = POPULATE_PREALLOC,
				      .vcpus = 1,
				      .working_set_bytes = bytes,
				      .memory_bytes = 64 * MIB,
				      .state = STATE_OK };
	cell->backing = (enum backing_kind)name_find(&backing_names, backing);
	cell_set_workload(cell, (enum workload_id)workload_find(workload));
	cell->command = json_pack("[ssss]", "minivmm", page == 0 ? "native" : "run", "--workload", workload);
	assert_non_null(cell->command);
	matrix_cell_name(cell);
	return cell;
}

static inline struct matrix_row sample_matrix_row(const struct matrix_cell *cell, const char *variant,
						  double base, uint32_t count)
{
	struct matrix_row row = { .working_set_bytes = cell->working_set_bytes,
				  .pages = cell->working_set_bytes / PAGE_4K,
				  .accesses = 100000,
				  .operations = UINT64_C(100000) * SAMPLE_SAMPLES,
				  .unit = "core cycles/access",
				  .refs_theory = cell->native ? 4 : 24,
				  .exits = cell->native ? -1 : 0,
				  .page_faults = 2,
				  .interrupts = cell->native ? -1 : 1,
				  .sample_count = count };

	(void)snprintf(row.variant, sizeof(row.variant), "%s", variant);
	if (count == 0) {
		(void)snprintf(row.note, sizeof(row.note), "counts alone: nothing to time");
		return row;
	}
	row.samples = sample_alloc(count, sizeof(row.samples[0]));
	for (uint32_t i = 0; i < count; i++)
		row.samples[i] = base + 0.25 * i;
	return row;
}

/* One run of each round, the last after a second attempt. */
static inline void sample_runs(struct matrix_cell *cell, double base, bool two_parts)
{
	for (uint32_t round = 0; round < SAMPLE_ROUNDS; round++) {
		struct matrix_run run = { .round = round,
					  .attempt = round + 1 < SAMPLE_ROUNDS ? 1 : 2,
					  .verdict = "ok",
					  .wall_ns = 21000000 + (int64_t)round,
					  .minor_faults = 300 + (int64_t)round,
					  .host_minor_faults = 5000,
					  .host_major_faults = -1,
					  .numa_hit = 700,
					  .observed_page_bytes = PAGE_4K,
					  .leaves_4k = cell->native ? -1 : 64,
					  .leaves_2m = cell->native ? -1 : 0,
					  .leaves_1g = cell->native ? -1 : 0,
					  .row_count = two_parts ? 2 : 1 };

		run.rows = sample_alloc(run.row_count, sizeof(run.rows[0]));
		run.rows[0] =
			sample_matrix_row(cell, two_parts ? "first" : "", base + 0.5 * round, SAMPLE_SAMPLES);
		if (two_parts)
			run.rows[1] = sample_matrix_row(cell, "second", 0, 0);
		assert_int_equal(matrix_cell_add_run(cell, &run), 0);
	}
}

/* As SAMPLE_*: all but what matrix_derive makes. */
static inline void sample_matrix(struct matrix *m)
{
	static const double bases[] = { 10, 8, 4, 9, 60000 };
	struct matrix_cell *last;

	*m = (struct matrix){ .seconds = 1.5,
			      .complete = true,
			      .seed = UINT64_MAX,
			      .waited_ns = 40000000,
			      .allocations = SAMPLE_ROUNDS,
			      .retries = 2,
			      .in_core_bytes = 768 * KIB,
			      .tlb_leaves = 16,
			      .repeat = SAMPLE_SAMPLES };
	(void)snprintf(m->version, sizeof(m->version), "0.1.0");
	(void)snprintf(m->preset, sizeof(m->preset), "walk-cost");
	(void)snprintf(m->teaches, sizeof(m->teaches), "What a \"walk\" costs.");
	(void)snprintf(m->started, sizeof(m->started), "2026-11-26T11:20:00Z");
	(void)snprintf(m->baseline, sizeof(m->baseline), "guest-page=4K,backing=anon");
	m->command = json_pack("[sss]", "minivmm", "sweep", "--native");
	m->axes = json_pack("{s:[sss],s:[i]}", "guest_page", "4K", "2M", "native", "smp", 1);
	m->host = json_pack("{ss ss si sb si ss ss so s{ss} ss ss ss ss si sb sI}", "kernel", "6.1.0-test",
			    "cpu_model", "A CPU of the tests", "cpus", 2, "hypervisor", 1, "tsc_khz", 2000000,
			    "kvm_module", "kvm_pvm", "second_dimension", "shadow", "second_dimension_levels",
			    json_null(), "params", "kvm.tdp_mmu", "N", "thp", "madvise", "shmem_thp", "never",
			    "ksm", "0", "nx_huge_pages", "N", "numa_nodes", 1, "pmu", 0, "memory_bytes",
			    (json_int_t)(24 * GIB));
	m->cells = sample_alloc(SAMPLE_CELLS, sizeof(m->cells[0]));
	assert_true(m->command != NULL && m->axes != NULL && m->host != NULL);
	(void)sample_cell(m, PAGE_4K, "anon", PAGE_4K, "chase", 256 * KIB);
	(void)sample_cell(m, PAGE_2M, "anon", PAGE_4K, "chase", 256 * KIB);
	(void)sample_cell(m, PAGE_4K, "anon", PAGE_4K, "packed", 256 * KIB);
	(void)sample_cell(m, 0, "anon", PAGE_4K, "chase", 256 * KIB);
	(void)sample_cell(m, PAGE_4K, "thp", PAGE_2M, "touch", 4 * MIB);
	for (uint32_t i = 0; i < m->datum_count; i++)
		sample_runs(&m->cells[i], bases[i], i == SAMPLE_TOUCH);
	m->cells[SAMPLE_TOUCH].state = STATE_MISMATCH;
	(void)snprintf(m->cells[SAMPLE_TOUCH].reason, sizeof(m->cells[0].reason), "asked for 2M, found 4K");
	m->cells[SAMPLE_TOUCH].runs[1].observed_page_bytes = 0;
	m->cells[SAMPLE_TOUCH].disturbed_runs = 1;
	(void)snprintf(m->cells[SAMPLE_TOUCH].runs[2].disturbed, sizeof(m->cells[0].runs[0].disturbed),
		       "2 involuntary switches");
	last = sample_cell(m, PAGE_1G, "hugetlb", PAGE_1G, "chase", 256 * KIB);
	last->state = STATE_REFUSED;
	last->failed_runs = 1;
	(void)snprintf(last->reason, sizeof(last->reason), "64M, in pages of \"1G\"?");
}

/* One figure a row of the cell's runs: the least of each run, their middle, and their range. */
static inline void sample_cell_figures(struct matrix_cell *cell)
{
	const struct matrix_run *run = &cell->runs[0];

	cell->figures = sample_alloc(run->row_count, sizeof(cell->figures[0]));
	cell->figure_count = run->row_count;
	for (uint32_t i = 0; i < run->row_count; i++) {
		struct matrix_figure *f = &cell->figures[i];
		const struct matrix_row *row = &run->rows[i];

		memcpy(f->variant, row->variant, sizeof(f->variant));
		memcpy(f->unit, row->unit, sizeof(f->unit));
		memcpy(f->note, row->note, sizeof(f->note));
		f->working_set_bytes = row->working_set_bytes;
		f->pages = row->pages;
		f->refs_theory = row->refs_theory;
		f->least = row->pages <= 1024;
		f->exits = cell->native ? NAN : 0;
		f->exits_per_operation = f->faults_per_operation = NAN;
		f->page_faults = 2;
		if (row->sample_count == 0)
			continue;
		f->count = SAMPLE_ROUNDS;
		f->values = sample_alloc(f->count, sizeof(f->values[0]));
		f->rounds = sample_alloc(f->count, sizeof(f->rounds[0]));
		for (uint32_t round = 0; round < f->count; round++) {
			f->values[round] = cell->runs[round].rows[i].samples[0];
			f->rounds[round] = round;
		}
		f->value = (struct estimate){ f->values[1], f->values[0], f->values[2], f->count, 0.75 };
		f->least_value = f->values[0];
	}
}

/* What matrix_derive would make, in kind. */
static inline void sample_figures(struct matrix *m)
{
	const struct matrix_cell *base = &m->cells[SAMPLE_CHASE_4K];

	for (uint32_t i = 0; i < SAMPLE_CELL_REFUSED; i++)
		sample_cell_figures(&m->cells[i]);
	for (uint32_t i = SAMPLE_CHASE_2M; i <= SAMPLE_NATIVE; i += SAMPLE_NATIVE - SAMPLE_CHASE_2M) {
		m->cells[i].figures[0].baseline = base;
		m->cells[i].figures[0].ratio = (struct estimate){ 0.85, 0.8, 0.9, SAMPLE_ROUNDS, 0.75 };
	}
	m->translations = sample_alloc(1, sizeof(m->translations[0]));
	m->speed_ups = sample_alloc(1, sizeof(m->speed_ups[0]));
	m->knees = sample_alloc(1, sizeof(m->knees[0]));
	m->translation_count = m->speed_up_count = m->knee_count = 1;
	m->translations[0] = (struct matrix_translation){ .chase = base,
							  .packed = &m->cells[SAMPLE_PACKED_4K],
							  .pages = 64,
							  .cost = { 6, 5.5, 6.5, SAMPLE_ROUNDS },
							  .refs_theory = 24 };
	m->speed_ups[0] = (struct matrix_speed_up){ .dimension = SPEED_UP_GUEST,
						    .from = base,
						    .to = &m->cells[SAMPLE_CHASE_2M],
						    .speed_up = { 1.25, 1.2, 1.3, SAMPLE_ROUNDS } };
	m->knees[0] = (struct matrix_knee){ .below = base,
					    .above = &m->cells[SAMPLE_CHASE_2M],
					    .pages_below = 64,
					    .pages_above = 128,
					    .value_below = 10,
					    .value_above = 14 };
}

/* The whole output; the caller frees it. */
static inline char *render_matrix(const struct matrix *m, int (*emit)(const struct matrix *, FILE *))
{
	char *data = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&data, &bytes);

	assert_non_null(memory);
	assert_int_equal(emit(m, memory), 0);
	assert_int_equal(fclose(memory), 0);
	test_wrote(data);
	return data;
}

/* It is what the file holds (golden.h). */
static inline void matrix_golden(const struct matrix *m, int (*emit)(const struct matrix *, FILE *),
				 const char *path)
{
	char *data = render_matrix(m, emit);

	golden_compare(data, path);
	free(data);
}

#endif
