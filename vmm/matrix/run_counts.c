#include "vmm/matrix/run_counts.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "vmm/report/stats.h"

static const size_t offsets[RUN_COUNTS] = {
	[RUN_MINOR_FAULTS] = offsetof(struct matrix_run, minor_faults),
	[RUN_MAJOR_FAULTS] = offsetof(struct matrix_run, major_faults),
	[RUN_HOST_MINOR_FAULTS] = offsetof(struct matrix_run, host_minor_faults),
	[RUN_HOST_MAJOR_FAULTS] = offsetof(struct matrix_run, host_major_faults),
	[RUN_NUMA_HIT] = offsetof(struct matrix_run, numa_hit),
	[RUN_NUMA_MISS] = offsetof(struct matrix_run, numa_miss),
};

int run_counts_medians(const struct matrix_cell *cell, double medians[RUN_COUNTS])
{
	double *counts = calloc(cell->run_count + (size_t)1, sizeof(*counts));

	if (counts == NULL)
		return -ENOMEM;
	for (int which = 0; which < RUN_COUNTS; which++) {
		uint32_t known = 0;

		for (uint32_t i = 0; i < cell->run_count; i++) {
			const char *run = (const char *)&cell->runs[i];
			int64_t count = *(const int64_t *)(run + offsets[which]);

			if (count >= 0)
				counts[known++] = (double)count;
		}
		stats_sort(counts, known);
		medians[which] = known != 0 ? stats_median(counts, known) : NAN;
	}
	free(counts);
	return 0;
}
