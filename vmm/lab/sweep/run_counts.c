#include "vmm/lab/sweep/run_counts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "vmm/lab/record/stats.h"

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
	if (known == 0)
		return NAN;
	stats_sort(scratch, known);
	return stats_median(scratch, known);
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
