/*
 * The combined row of a step: what all vCPUs did together. Latencies average, also where vCPUs have different
 * parts in one operation (a shootdown's initiator and its peers); rates and counts add up. Counts of the whole VM (leaves,
 * dirty pages) are not added: the highest of them stands, which is that of the vCPU that ended last.
 */
#include "vmm/lab/record/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/lab/record/rows.h"
#include "vmm/lab/record/stats.h"

static int by_step_variant_vcpu(const void *a, const void *b)
{
	const struct result *x = a, *y = b;

	if (x->step != y->step)
		return x->step < y->step ? -1 : 1;
	if (x->variant != y->variant)
		return x->variant < y->variant ? -1 : 1;
	return (x->vcpu > y->vcpu) - (x->vcpu < y->vcpu);
}

static int64_t most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Counts of *sum, a copy of rows[0], from rows[0..count). */
static void sum_counts(const struct result *rows, uint32_t count, struct result *sum)
{
	for (uint32_t v = 1; v < count; v++) {
		sum->accesses += rows[v].accesses;
		sum->untimed_pages += rows[v].untimed_pages;
		sum->operations = rows[v].operations == 0 || sum->operations == 0
					  ? 0
					  : sum->operations + rows[v].operations;
		sum->leaves_4k = most(sum->leaves_4k, rows[v].leaves_4k);
		sum->leaves_2m = most(sum->leaves_2m, rows[v].leaves_2m);
		sum->leaves_1g = most(sum->leaves_1g, rows[v].leaves_1g);
		sum->dirty_pages = most(sum->dirty_pages, rows[v].dirty_pages);
		/* Equal on all vCPUs as a rule. Where they differ, the combined row has none. */
		if (rows[v].checksum != rows[0].checksum)
			sum->checksum = 0;
		counts_add(&sum->counts, &rows[v].counts);
	}
}

/* The same for the PMU's counts. 0 or -ENOMEM. */
static int sum_pmu(const struct result *rows, uint32_t count, struct result *sum)
{
	for (uint32_t v = 0; v < count; v++) {
		if (rows[v].pmu == NULL)
			return 0;
	}
	sum->pmu = malloc(sizeof(*sum->pmu));
	if (sum->pmu == NULL)
		return -ENOMEM;
	*sum->pmu = *rows[0].pmu;
	for (uint32_t v = 1; v < count; v++)
		pmu_counts_add(sum->pmu, rows[v].pmu);
	return 0;
}

/* A part that has no samples on one vCPU has none in the combined row; the note is that vCPU's reason. */
static void keep_least_samples(const struct result *rows, uint32_t count, struct result *sum)
{
	for (uint32_t v = 1; v < count; v++) {
		if (rows[v].sample_count < sum->sample_count) {
			sum->sample_count = rows[v].sample_count;
			memcpy(sum->note, rows[v].note, sizeof(sum->note));
		}
	}
}

/* Rates add up, so what passes between two updates of any vCPU is shorter than between two of one. */
static double combined_ns(const struct result *rows, uint32_t count, bool is_rate)
{
	double sum_ns = 0, sum_per_ns = 0;

	for (uint32_t v = 0; v < count; v++) {
		sum_ns += rows[v].median_ns;
		sum_per_ns += 1 / rows[v].median_ns;
	}
	return is_rate ? 1 / sum_per_ns : sum_ns / count;
}

/* Samples, summary and note of *sum. 0, -ENOMEM or -EINVAL. */
static int sum_samples(const struct result *rows, uint32_t count, struct result *sum)
{
	bool is_rate = !unit_is_latency(sum->unit);

	if (sum->sample_count == 0)
		return 0;
	sum->samples = calloc(sum->sample_count, sizeof(*sum->samples));
	if (sum->samples == NULL)
		return -ENOMEM;
	sum->marks = rows[0].marks != NULL ? calloc((size_t)sum->sample_count + 1, 1) : NULL;
	for (uint32_t i = 0; i < sum->sample_count; i++) {
		double total = 0;

		for (uint32_t v = 0; v < count; v++) {
			total += rows[v].samples[i];
			if (sum->marks != NULL && rows[v].marks[i] > sum->marks[i])
				sum->marks[i] = rows[v].marks[i];
		}
		sum->samples[i] = is_rate ? total : total / count;
	}
	sum->median_ns = combined_ns(rows, count, is_rate);
	(void)snprintf(sum->note, sizeof(sum->note),
		       "a row of all %u vCPUs holds the mean of their cycles, or the sum of their rates",
		       count);
	return summary_make(sum->samples, sum->marks, sum->sample_count, &sum->summary);
}

/* The same for the histogram of single loads. 0 or -ENOMEM. */
static int sum_histogram(const struct result *rows, uint32_t count, struct result *sum)
{
	for (uint32_t v = 0; v < count; v++) {
		if (rows[v].histogram == NULL)
			return 0;
	}
	sum->histogram = malloc(sizeof(*sum->histogram));
	if (sum->histogram == NULL)
		return -ENOMEM;
	*sum->histogram = *rows[0].histogram;
	for (uint32_t v = 1; v < count; v++)
		histogram_add(sum->histogram, rows[v].histogram, v);
	return 0;
}

static int combine_part(struct record *rec, uint32_t first, uint32_t count)
{
	struct result *sum = rows_new(rec);
	const struct result *rows;
	int ret;

	if (sum == NULL)
		return -ENOMEM;
	rows = &rec->results[first];
	*sum = rows[0];
	sum->vcpu = -1;
	sum->samples = sum->samples_tsc_cycles = sum->tsc_per_core_cycle = NULL;
	sum->readings = NULL;
	sum->histogram = NULL;
	sum->marks = NULL;
	sum->pmu = NULL;
	sum->summary = (struct summary){ 0 };
	keep_least_samples(rows, count, sum);
	sum_counts(rows, count, sum);
	ret = sum_samples(rows, count, sum);
	if (ret == 0)
		ret = sum_pmu(rows, count, sum);
	if (ret == 0)
		ret = sum_histogram(rows, count, sum);
	if (ret != 0) {
		free(sum->pmu);
		free(sum->samples);
		free(sum->marks);
		return ret;
	}
	rec->result_count++;
	return 0;
}

int record_combine(struct record *rec)
{
	uint32_t singles = rec->result_count;
	int ret = 0;

	if (singles == 0)
		return 0;
	qsort(rec->results, singles, sizeof(*rec->results), by_step_variant_vcpu);
	for (uint32_t first = 0, next; first < singles && ret == 0; first = next) {
		next = first + 1;
		while (next < singles && same_part(&rec->results[first], &rec->results[next]))
			next++;
		if (next - first > 1 && row_is_single(&rec->results[first]))
			ret = combine_part(rec, first, next - first);
	}
	qsort(rec->results, rec->result_count, sizeof(*rec->results), by_step_variant_vcpu);
	return ret;
}
