/*
 * The record: rows are added with their samples in the workload's unit, and reasons, which make the verdict.
 */
#include "vmm/lab/record/record.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/lab/record/rows.h"
#include "vmm/lab/record/stats.h"
#include "vmm/util/array.h"

const struct names verdict_names =
	NAMES_OF("ok", "payload", "disturbed", "mismatch", "interrupted", "failed");

void record_init(struct record *rec)
{
	memset(rec, 0, sizeof(*rec));
	rec->kvm_tables_bytes = rec->kvm_page_faults = -1;
}

static void row_free(struct result *r)
{
	free(r->samples);
	free(r->samples_tsc_cycles);
	free(r->readings);
	free(r->histogram);
	free(r->marks);
	free(r->tsc_per_core_cycle);
	free(r->pmu);
}

void record_free(struct record *rec)
{
	for (uint32_t i = 0; i < rec->result_count; i++) {
		row_free(&rec->results[i]);
	}
	free(rec->results);
	free(rec->pmu);
	free(rec->prediction);
	free(rec->cpu);
	rec->prediction = NULL;
	rec->cpu = NULL;
	rec->pmu = NULL;
	rec->results = NULL;
	rec->result_count = 0;
}

struct result *rows_new(struct record *rec)
{
	struct result *grown = array_grow(rec->results, rec->result_count, sizeof(*grown));

	if (grown == NULL)
		return NULL;
	rec->results = grown;
	return &rec->results[rec->result_count];
}

bool rows_any(const struct record *rec, bool (*is_so)(const struct result *r))
{
	for (uint32_t i = 0; i < rec->result_count; i++) {
		if (is_so(&rec->results[i]))
			return true;
	}
	return false;
}

struct result result_from_guest(const struct guest_result *g, uint32_t vcpu, const struct workload_part *part)
{
	return (struct result){
		.step = g->step,
		.workload = (enum workload_id)g->workload,
		.variant = (enum workload_variant)g->variant,
		.vcpu = (int32_t)vcpu,
		.working_set_bytes = g->working_set_bytes,
		.stride_bytes = g->stride_bytes,
		.chains = (uint32_t)g->chains,
		.pages = g->pages,
		.accesses = g->accesses,
		.checksum = g->checksum,
		.may_exit = part != NULL && part->may_exit != 0,
		.single_loads = part != NULL && part->single_loads != 0,
		.operations = part != NULL && part->warm_passes == 0 ? g->accesses * g->samples : 0,
		.sample_count = g->samples,
		.counts = COUNTS_NOT_KNOWN,
		.leaves_4k = -1,
		.leaves_2m = -1,
		.leaves_1g = -1,
		.touched_pages = g->touched_pages,
		.untimed_pages = g->untimed_pages,
		.faults_least = -1,
		.faults_most = -1,
		.dirty_pages = -1,
		.zero_pages = g->zero_pages,
	};
}

/* One sample in that unit; neither cycles nor accesses is 0. */
static double in_unit(enum workload_unit unit, uint64_t cycles, uint64_t accesses, uint64_t tsc_khz)
{
	if (unit == UNIT_TSC_CYCLES_PER_ACCESS)
		return (double)cycles / (double)accesses;
	return (double)accesses * (double)tsc_khz * 1000.0 / (double)cycles;
}

int row_summarize(struct result *r, const char *marks)
{
	/* Nanoseconds a byte mean nothing here. */
	bool has_ns = r->unit != UNIT_BYTES_PER_SECOND && r->tsc_khz != 0;
	struct summary tsc_cycles;
	int ret = summary_make(r->samples, marks, r->sample_count, &r->summary);

	if (ret == 0)
		ret = summary_make(r->samples_tsc_cycles, marks, r->sample_count, &tsc_cycles);
	if (ret == 0)
		r->median_ns =
			has_ns ? tsc_cycles.median / (double)r->accesses * 1e6 / (double)r->tsc_khz : NAN;
	return ret;
}

/* Room for so many more samples in *row, which owns what it has, also where there is no memory. */
static int make_room(struct result *row, uint32_t more)
{
	size_t count = (size_t)row->sample_count + more;
	struct core_clock(*readings)[2];
	double *samples, *raw;

	samples = realloc(row->samples, count * sizeof(*samples));
	if (samples == NULL)
		return -ENOMEM;
	row->samples = samples;
	raw = realloc(row->samples_tsc_cycles, count * sizeof(*raw));
	if (raw == NULL)
		return -ENOMEM;
	row->samples_tsc_cycles = raw;
	readings = realloc(row->readings, count * sizeof(*readings));
	if (readings == NULL)
		return -ENOMEM;
	row->readings = readings;
	return 0;
}

/* Append the samples of *g and what was read beside them. 0, -ENOMEM or -EINVAL, and then *row has no more than before. */
static int append_samples(struct result *row, const struct guest_result *g, uint32_t count)
{
	uint32_t had = row->sample_count;
	int ret = make_room(row, count);

	for (uint32_t i = 0; i < count && ret == 0; i++) {
		if (g->samples_cycles[i] == 0)
			return -EINVAL;
		row->samples_tsc_cycles[had + i] = (double)g->samples_cycles[i];
		row->samples[had + i] = in_unit(row->unit, g->samples_cycles[i], row->accesses, row->tsc_khz);
		row->readings[had + i][0] = g->clock[i];
		row->readings[had + i][1] = g->clock[i + 1];
	}
	if (ret != 0)
		return ret;
	row->sample_count = had + count;
	ret = row_summarize(row, NULL);
	if (ret != 0)
		row->sample_count = had;
	return ret;
}

/* The row that *r is a further round of, or NULL. */
static struct result *earlier_round(const struct record *rec, const struct result *r)
{
	for (uint32_t i = rec->result_count; i > 0; i--) {
		struct result *row = &rec->results[i - 1];

		if (same_part(row, r) && row->vcpu == r->vcpu && row->workload == r->workload &&
		    (workload_table[r->workload].needs & TAKES_TURNS) != 0)
			return row;
	}
	return NULL;
}

/* Add the next round to its row. The rounds of a part are all alike, or something is wrong. */
static int add_round(struct result *row, const struct result *r, const struct guest_result *g)
{
	int ret;

	if (r->working_set_bytes != row->working_set_bytes || r->stride_bytes != row->stride_bytes ||
	    r->chains != row->chains || r->accesses != row->accesses || r->checksum != row->checksum ||
	    r->sample_count == 0 || row->sample_count == 0 ||
	    row->sample_count + r->sample_count > RESULT_MAX_SAMPLES)
		return -EINVAL;
	ret = append_samples(row, g, r->sample_count);
	if (ret != 0)
		return ret;
	if (row->histogram != NULL)
		histogram_count(row->histogram, &g->histogram);
	row->rounds++;
	row->operations += r->operations;
	counts_add(&row->counts, &r->counts);
	row->leaves_4k = r->leaves_4k;
	row->leaves_2m = r->leaves_2m;
	row->leaves_1g = r->leaves_1g;
	if (row->pmu != NULL && r->pmu != NULL) {
		pmu_counts_add(row->pmu, r->pmu);
	} else {
		free(row->pmu);
		row->pmu = NULL;
	}
	free(r->pmu);
	return 0;
}

static int add(struct record *rec, const struct result *r, const struct guest_result *g, uint64_t tsc_khz)
{
	struct result *row;
	int ret = 0;

	if ((unsigned int)r->workload >= WORKLOAD_COUNT || (unsigned int)r->variant >= VARIANT_COUNT ||
	    r->accesses == 0 || r->sample_count > RESULT_MAX_SAMPLES)
		return -EINVAL;
	row = earlier_round(rec, r);
	if (row != NULL)
		return add_round(row, r, g);
	row = rows_new(rec);
	if (row == NULL)
		return -ENOMEM;
	*row = *r;
	row->unit = workload_table[r->workload].unit;
	if (row->unit == UNIT_CYCLES_PER_ACCESS)
		row->unit = UNIT_TSC_CYCLES_PER_ACCESS;
	else if (tsc_khz == 0)
		return -EINVAL;
	row->tsc_khz = tsc_khz;
	row->rounds = 1;
	row->in_core = row_fits_core(rec, row);
	row->sample_count = 0;
	row->samples = NULL;
	row->samples_tsc_cycles = NULL;
	row->readings = NULL;
	row->histogram = NULL;
	row->marks = NULL;
	row->tsc_per_core_cycle = NULL;
	row->summary = (struct summary){ 0 };
	if (r->sample_count != 0)
		ret = append_samples(row, g, r->sample_count);
	if (ret == 0 && r->sample_count != 0 && r->single_loads) {
		row->histogram = histogram_new(&g->histogram);
		ret = row->histogram != NULL ? 0 : -ENOMEM;
	}
	if (ret == 0) {
		rec->result_count++;
		return 0;
	}
	row->pmu = NULL;
	row_free(row);
	return ret;
}

int record_add(struct record *rec, const struct result *r, const struct guest_result *g, uint64_t tsc_khz)
{
	uint32_t before = rec->result_count;
	int ret = add(rec, r, g, tsc_khz);

	if (rec->kept != NULL && rec->result_count != before && rec->result_count % rec->config.vcpus == 0)
		rec->kept(rec, rec->kept_argument);
	return ret;
}

void record_reason(struct record *rec, enum verdict v, const char *fmt, ...)
{
	va_list args;

	if (v > rec->verdict)
		rec->verdict = v;
	if (rec->reason_count == RECORD_MAX_REASONS)
		return;
	va_start(args, fmt);
	(void)vsnprintf(rec->reasons[rec->reason_count], sizeof(rec->reasons[0]), fmt, args);
	va_end(args);
	rec->reason_count++;
}

enum status record_status(const struct record *rec)
{
	if (rec->verdict == VERDICT_MISMATCH)
		return STATUS_MISMATCH;
	return rec->verdict <= VERDICT_DISTURBED ? STATUS_OK : STATUS_FAILED;
}
