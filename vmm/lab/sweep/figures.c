/*
 * A cell's figures: each part of the workload over all allocations; and the counts of its runs beside them.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/lab/record/stats.h"
#include "vmm/lab/sweep/derive.h"
#include "vmm/util/array.h"

static bool row_is_of(const struct matrix_row *row, const struct matrix_figure *f)
{
	return row->stride_bytes == f->stride_bytes && row->pages == f->pages &&
	       row->working_set_bytes == f->working_set_bytes && strcmp(row->variant, f->variant) == 0 &&
	       strcmp(row->unit, f->unit) == 0;
}

const struct matrix_row *figure_row(const struct matrix_run *run, const struct matrix_figure *f)
{
	for (uint32_t i = 0; i < run->row_count; i++) {
		if (row_is_of(&run->rows[i], f))
			return &run->rows[i];
	}
	return NULL;
}

static bool has_figure(const struct matrix_cell *cell, const struct matrix_row *row)
{
	for (uint32_t i = 0; i < cell->figure_count; i++) {
		if (row_is_of(row, &cell->figures[i]))
			return true;
	}
	return false;
}

static int add_figure(struct matrix_cell *cell, const struct matrix_row *row)
{
	struct matrix_figure f = { .stride_bytes = row->stride_bytes,
				   .working_set_bytes = row->working_set_bytes,
				   .pages = row->pages };

	(void)snprintf(f.variant, sizeof(f.variant), "%s", row->variant);
	(void)snprintf(f.unit, sizeof(f.unit), "%s", row->unit);
	return ARRAY_PUSH(cell->figures, cell->figure_count, f);
}

/* Files of before had one limit for all CPUs. */
#define OLD_IN_CORE_PAGES 1024

static bool row_is_in_core(const struct matrix_row *row)
{
	return row->stable[0] != '\0' ? strcmp(row->stable, "min") == 0 : row->pages <= OLD_IN_CORE_PAGES;
}

/* What the rows say about the figure as a whole; one statistic for all its runs. */
static void describe(const struct matrix_cell *cell, struct matrix_figure *f)
{
	bool several = false, in_core = true;

	for (uint32_t i = 0; i < cell->run_count; i++) {
		const struct matrix_row *row = figure_row(&cell->runs[i], f);

		if (row == NULL)
			continue;
		several = several || row->sample_count > 1;
		in_core = in_core && row_is_in_core(row);
		if (f->refs_theory == 0)
			f->refs_theory = row->refs_theory;
		if (f->note[0] == '\0')
			(void)snprintf(f->note, sizeof(f->note), "%s", row->note);
	}
	f->least = several && in_core && unit_name_is_latency(f->unit);
}

/* The run's samples as one value, disturbed ones left out as in the run itself; the best of them moves *best. */
static int value_of(const struct matrix_row *row, const struct matrix_figure *f, double *value, double *best)
{
	const char *marks = strlen(row->marks) == row->sample_count ? row->marks : NULL;
	bool latency = unit_name_is_latency(f->unit);
	double *sorted = calloc(row->sample_count, sizeof(*sorted));
	uint32_t kept;
	double of_run;

	if (sorted == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < row->sample_count; i++) {
		if (!isfinite(row->samples[i])) {
			free(sorted);
			return -EINVAL;
		}
	}
	kept = stats_keep_quiet(row->samples, marks, row->sample_count, sorted);
	stats_sort(sorted, kept);
	of_run = latency ? stats_min(row->samples, marks, row->sample_count) : sorted[kept - 1];
	*value = f->least ? of_run : stats_median(sorted, kept);
	if (f->count == 0 || (latency ? of_run < *best : of_run > *best))
		*best = of_run;
	free(sorted);
	return 0;
}

static int fill_values(const struct matrix_cell *cell, struct matrix_figure *f)
{
	f->values = calloc(cell->run_count, sizeof(*f->values));
	f->rounds = calloc(cell->run_count, sizeof(*f->rounds));
	if (f->values == NULL || f->rounds == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < cell->run_count; i++) {
		const struct matrix_row *row = figure_row(&cell->runs[i], f);
		int ret;

		if (row == NULL || row->sample_count == 0)
			continue;
		ret = value_of(row, f, &f->values[f->count], &f->least_value);
		if (ret != 0)
			return ret;
		f->rounds[f->count++] = cell->runs[i].round;
	}
	return estimate_make(f->values, f->count, &f->value);
}

/* Sorts them; NAN: there are none. */
static double median_or_nan(double *values, uint32_t count)
{
	stats_sort(values, count);
	return count != 0 ? stats_median(values, count) : NAN;
}

/* Exits or page faults: their median over the runs that know them, or NAN; an operation each where `per_operation`. */
static double median_count(const struct matrix_cell *cell, const struct matrix_figure *f, bool faults,
			   bool per_operation, double *work)
{
	uint32_t known = 0;

	for (uint32_t i = 0; i < cell->run_count; i++) {
		const struct matrix_row *row = figure_row(&cell->runs[i], f);
		int64_t count;

		if (row == NULL || (per_operation && row->operations == 0))
			continue;
		count = faults ? row->page_faults : row->exits;
		if (count >= 0)
			work[known++] = (double)count / (per_operation ? (double)row->operations : 1.0);
	}
	return median_or_nan(work, known);
}

static int fill_counts(const struct matrix_cell *cell, struct matrix_figure *f)
{
	double *work = calloc(cell->run_count, sizeof(*work));

	if (work == NULL)
		return -ENOMEM;
	f->exits = median_count(cell, f, false, false, work);
	f->exits_per_operation = median_count(cell, f, false, true, work);
	f->page_faults = median_count(cell, f, true, false, work);
	f->faults_per_operation = median_count(cell, f, true, true, work);
	free(work);
	return 0;
}

int figures_make(struct matrix_cell *cell)
{
	int ret = 0;

	for (uint32_t i = 0; i < cell->run_count; i++) {
		for (uint32_t r = 0; r < cell->runs[i].row_count && ret == 0; r++) {
			if (!has_figure(cell, &cell->runs[i].rows[r]))
				ret = add_figure(cell, &cell->runs[i].rows[r]);
		}
	}
	for (uint32_t i = 0; i < cell->figure_count && ret == 0; i++) {
		describe(cell, &cell->figures[i]);
		ret = fill_values(cell, &cell->figures[i]);
		if (ret == 0)
			ret = fill_counts(cell, &cell->figures[i]);
	}
	return ret;
}

static const size_t count_offsets[RUN_COUNTS] = {
	[RUN_MINOR_FAULTS] = offsetof(struct matrix_run, minor_faults),
	[RUN_MAJOR_FAULTS] = offsetof(struct matrix_run, major_faults),
	[RUN_HOST_MINOR_FAULTS] = offsetof(struct matrix_run, host_minor_faults),
	[RUN_HOST_MAJOR_FAULTS] = offsetof(struct matrix_run, host_major_faults),
	[RUN_NUMA_HIT] = offsetof(struct matrix_run, numa_hit),
	[RUN_NUMA_MISS] = offsetof(struct matrix_run, numa_miss),
};

/* Of those runs that know the count; scratch has room for one a run. */
static double median_of_runs(const struct matrix_cell *cell, size_t offset, double *scratch)
{
	uint32_t known = 0;

	for (uint32_t i = 0; i < cell->run_count; i++) {
		int64_t count = *(const int64_t *)((const char *)&cell->runs[i] + offset);

		if (count >= 0)
			scratch[known++] = (double)count;
	}
	return median_or_nan(scratch, known);
}

int run_counts_medians(const struct matrix_cell *cell, double medians[RUN_COUNTS])
{
	double *scratch = calloc(cell->run_count + (size_t)1, sizeof(*scratch));

	if (scratch == NULL)
		return -ENOMEM;
	for (int i = 0; i < RUN_COUNTS; i++)
		medians[i] = median_of_runs(cell, count_offsets[i], scratch);
	free(scratch);
	return 0;
}
