/*
 * From TSC cycles to core cycles, by the add chains that the driver timed beside every sample (include/core_clock.h).
 */
#include "vmm/lab/record/record.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "vmm/lab/record/rows.h"
#include "vmm/lab/record/stats.h"

/* What two readings of one clock may differ by, beside what the TSC's step explains. */
#define TOLERANCE 0.005
/* No known CPU advances the TSC by more; a few readings may have a larger divisor by chance. */
#define STEP_MOST_CYCLES 64
/* A chain this much longer than the one before and the one behind it was held up. */
#define SPIKE 0.02

/* What the readings of one vCPU say together. */
struct vcpu_clock {
	double step_cycles;     /* of the TSC */
	double overhead_cycles; /* of timing a chain */
	double median;          /* TSC cycles a core cycle; NAN: no reading counts */
};

/* To time a chain costs the same at both lengths: once = n + overhead, twice = 2 n + overhead. */
static double overhead_cycles(const struct core_clock *c, const struct vcpu_clock *clock)
{
	(void)clock;
	return 2.0 * c->once_cycles - (double)c->twice_cycles;
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	while (b != 0) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Some CPUs advance the TSC by more than 1 at a time: all readings are multiples of that step then. */
static double tsc_step_cycles(const struct record *rec)
{
	uint64_t step_cycles = 0;

	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];

		for (uint32_t s = 0; r->readings != NULL && s < 2 * r->sample_count; s++) {
			const struct core_clock *c = &r->readings[s / 2][s % 2];

			step_cycles = common_divisor(step_cycles, c->once_cycles);
			step_cycles = common_divisor(step_cycles, c->twice_cycles);
		}
	}
	return (double)min_u64(step_cycles, STEP_MOST_CYCLES);
}

/*
 * TSC cycles a core cycle; NAN where the reading does not count: an interrupt inside one of the two chains makes the
 * overhead come out wrong by what it took.
 */
static double reading(const struct core_clock *c, const struct vcpu_clock *clock)
{
	double cycles = (double)c->twice_cycles - (double)c->once_cycles;
	double error_cycles = fabs(overhead_cycles(c, clock) - clock->overhead_cycles);

	if (cycles <= 0 || c->twice_cycles == UINT32_MAX ||
	    error_cycles > TOLERANCE * cycles + 3 * clock->step_cycles)
		return NAN;
	return cycles / CORE_CLOCK_ADDS;
}

/* The readings of one vCPU, or what else `value` makes of them, into work; NAN is left out. How many. */
static uint32_t gather(const struct record *rec, int32_t vcpu, double *work,
		       double (*value)(const struct core_clock *c, const struct vcpu_clock *clock),
		       const struct vcpu_clock *clock)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];

		for (uint32_t s = 0; r->vcpu == vcpu && r->readings != NULL && s < 2 * r->sample_count; s++) {
			work[count] = value(&r->readings[s / 2][s % 2], clock);
			count += !isnan(work[count]);
		}
	}
	stats_sort(work, count);
	return count;
}

/* The shortest chain of each length on one vCPU: what was held up least. */
static struct core_clock shortest(const struct record *rec, int32_t vcpu)
{
	struct core_clock least = { UINT32_MAX, UINT32_MAX };

	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];

		for (uint32_t s = 0; r->vcpu == vcpu && r->readings != NULL && s < 2 * r->sample_count; s++)
			core_clock_shorten(&least, &r->readings[s / 2][s % 2]);
	}
	return least;
}

/* Most readings agree on the overhead, as a rule. Where few of a few do, the shortest chains are the clock. */
static struct vcpu_clock find_clock(const struct record *rec, int32_t vcpu, double step_cycles, double *work)
{
	struct vcpu_clock clock = { .step_cycles = step_cycles, .median = NAN };
	uint32_t readings = gather(rec, vcpu, work, overhead_cycles, &clock), count;

	if (readings == 0)
		return clock;
	clock.overhead_cycles = stats_median(work, readings);
	count = gather(rec, vcpu, work, reading, &clock);
	if (2 * count < readings) {
		const struct core_clock least = shortest(rec, vcpu);

		clock.overhead_cycles = overhead_cycles(&least, &clock);
		clock.median = reading(&least, &clock);
		count = gather(rec, vcpu, work, reading, &clock);
	}
	if (count != 0)
		clock.median = stats_median(work, count);
	return clock;
}

/* Whether `here` exceeds both neighbours: a change of frequency is a step, and stays. NAN: not known, exceeds nothing. */
static bool is_spike(double earlier, double here, double later, double slack)
{
	return here > earlier * (1 + SPIKE) + slack && here > later * (1 + SPIKE) + slack;
}

/* The mark of sample i of the row, and the clock beside it, TSC cycles a core cycle. */
static char sample_clock(const struct result *r, uint32_t i, const struct vcpu_clock *clock,
			 double *at_sample)
{
	const double slack = 2 * clock->step_cycles / CORE_CLOCK_ADDS;
	const double before = reading(&r->readings[i][0], clock), after = reading(&r->readings[i][1], clock);
	const double earlier = i > 0 ? reading(&r->readings[i - 1][0], clock) : NAN;
	const double later = i + 1 < r->sample_count ? reading(&r->readings[i + 1][1], clock) : NAN;

	if (isnan(before) || isnan(after)) {
		*at_sample = !isnan(before) ? before : !isnan(after) ? after : clock->median;
		return SAMPLE_DISTURBED;
	}
	*at_sample = (before + after) / 2;
	if (is_spike(earlier, before, after, slack) || is_spike(before, after, later, slack))
		return SAMPLE_DISTURBED;
	if (fabs(before - after) > TOLERANCE * fmin(before, after) + slack)
		return SAMPLE_CLOCK_MOVED;
	return SAMPLE_QUIET;
}

/* Its buckets are of all samples, so their clock is the mean of those of the samples. */
static void settle_histogram(struct result *r, const struct vcpu_clock *clock)
{
	double sum = 0;

	for (uint32_t i = 0; i < r->sample_count; i++)
		sum += r->tsc_per_core_cycle[i];
	r->histogram->tsc_per_cycle = sum / r->sample_count;
	r->histogram->step_cycles = clock->step_cycles;
}

/* 0, -ENOMEM, or -EINVAL for a figure that is not finite. */
static int settle_row(struct result *r, const struct vcpu_clock *clock)
{
	char *marks = calloc((size_t)r->sample_count + 1, 1);
	double *tsc_per_core_cycle = calloc(r->sample_count, sizeof(*r->tsc_per_core_cycle));

	if (marks == NULL || tsc_per_core_cycle == NULL) {
		free(marks);
		free(tsc_per_core_cycle);
		return -ENOMEM;
	}
	/* Readers take one of them for a sign of the other. */
	r->marks = marks;
	r->tsc_per_core_cycle = tsc_per_core_cycle;
	for (uint32_t i = 0; i < r->sample_count; i++) {
		r->marks[i] = sample_clock(r, i, clock, &r->tsc_per_core_cycle[i]);
		if (r->unit == UNIT_TSC_CYCLES_PER_ACCESS)
			r->samples[i] /= r->tsc_per_core_cycle[i];
	}
	if (r->unit == UNIT_TSC_CYCLES_PER_ACCESS) {
		r->unit = UNIT_CYCLES_PER_ACCESS;
		if (r->histogram != NULL)
			settle_histogram(r, clock);
	}
	/* Again, now that marks say what counts. */
	return row_summarize(r, r->marks);
}

/* Rows of one vCPU each. One vCPU without a clock leaves them all in TSC cycles: a run has one unit. */
static int settle_rows(struct record *rec, const struct vcpu_clock *clocks)
{
	int ret = 0;

	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];

		if (r->sample_count != 0 && (r->readings == NULL || isnan(clocks[r->vcpu].median)))
			return 0;
	}
	for (uint32_t i = 0; i < rec->result_count && ret == 0; i++) {
		struct result *r = &rec->results[i];

		if (r->sample_count != 0)
			ret = settle_row(r, &clocks[r->vcpu]);
	}
	return ret;
}

int record_settle_clock(struct record *rec)
{
	const double step_cycles = tsc_step_cycles(rec);
	struct vcpu_clock *clocks;
	uint64_t readings = 0;
	int32_t vcpus = 0;
	double *work;
	int ret = -ENOMEM;

	for (uint32_t i = 0; i < rec->result_count; i++) {
		readings += 2 * (uint64_t)rec->results[i].sample_count;
		if (rec->results[i].vcpu >= vcpus)
			vcpus = rec->results[i].vcpu + 1;
	}
	clocks = calloc((size_t)vcpus + 1, sizeof(*clocks));
	work = calloc(readings + 1, sizeof(*work));
	if (clocks != NULL && work != NULL) {
		for (int32_t v = 0; v < vcpus; v++)
			clocks[v] = find_clock(rec, v, step_cycles, work);
		ret = settle_rows(rec, clocks);
	}
	free(work);
	free(clocks);
	return ret;
}

bool record_clock(const struct record *rec, struct clock_summary *sum)
{
	*sum = (struct clock_summary){ .low = INFINITY };
	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];

		for (uint32_t s = 0; r->tsc_per_core_cycle != NULL && s < r->sample_count; s++) {
			double core_per_tsc = 1 / r->tsc_per_core_cycle[s];

			sum->samples++;
			sum->moved += r->marks[s] == SAMPLE_CLOCK_MOVED;
			sum->disturbed += r->marks[s] == SAMPLE_DISTURBED;
			sum->low = fmin(sum->low, core_per_tsc);
			sum->high = fmax(sum->high, core_per_tsc);
			sum->mean += core_per_tsc;
		}
	}
	sum->mean /= sum->samples != 0 ? sum->samples : 1;
	return sum->samples != 0;
}
