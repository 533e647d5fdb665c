/* The counters of a thread around a phase, and what they say of it. */
#include "vmm/lab/pmu/counters.h"

#include <stdlib.h>

#include "units.h"
#include "vmm/lab/pmu/counter_set.h"

/* Beyond this a double is no int64_t. */
#define COUNT_LIMIT 9.2e18

static const struct pmu_count unknown = { .count = -1 };

void pmu_counters_start(struct pmu_counters *c)
{
	if (c == NULL)
		return;
	for (uint32_t i = 0; i < c->count; i++)
		c->counter[i].started = event_read(c->counter[i].fd, &c->counter[i].before) == 0;
	for (uint32_t i = 0; i < c->count; i++) {
		if (c->counter[i].leads)
			event_start(c->counter[i].fd);
	}
}

/* What a counter counted since it was started, scaled to the whole phase where it shared the PMU (perf_event_open(2)). */
static struct pmu_count since_start(const struct counter *counter)
{
	struct pmu_count result = unknown;
	struct event_reading now;
	uint64_t enabled_ns, running_ns, count;
	double scaled;

	if (!counter->started || event_read(counter->fd, &now) != 0)
		return result;
	count = now.count - counter->before.count;
	enabled_ns = now.enabled_ns - counter->before.enabled_ns;
	running_ns = now.running_ns - counter->before.running_ns;
	if (running_ns == 0 || count > INT64_MAX)
		return result;
	result.count = (int64_t)count;
	result.running_share = 1;
	if (running_ns < enabled_ns) {
		result.running_share = (double)running_ns / (double)enabled_ns;
		scaled = (double)count / result.running_share + 0.5;
		result.count = scaled < COUNT_LIMIT ? (int64_t)scaled : -1;
	}
	return result;
}

static void merge(struct pmu_count *sum, struct pmu_count term)
{
	sum->count = sum->count < 0 || term.count < 0 ? -1 : sum->count + term.count;
	if (term.running_share < sum->running_share)
		sum->running_share = term.running_share;
}

void pmu_counters_stop(struct pmu_counters *c)
{
	if (c == NULL)
		return;
	for (uint32_t i = 0; i < c->count; i++) {
		if (c->counter[i].leads)
			event_stop(c->counter[i].fd);
	}
}

/* What an event's parts counted together. */
static struct pmu_count sum_of(const struct pmu_counters *c, uint32_t event, enum pmu_share share)
{
	struct pmu_count sum = unknown;

	for (uint32_t part = 0; part < c->plan.events[event].part_count; part++) {
		int index = c->index[event][part][share];
		struct pmu_count term = index != PMU_NO_COUNTER ? since_start(&c->counter[index]) : unknown;

		if (part == 0)
			sum = term;
		else
			merge(&sum, term);
	}
	return sum;
}

static uint64_t phase_operations(uint64_t accesses, uint64_t samples, uint64_t warm_accesses)
{
	uint64_t operations;

	if (!checked_mul(accesses, samples, &operations) ||
	    !checked_add(operations, warm_accesses, &operations))
		return 0;
	return operations;
}

struct pmu_counts *pmu_counters_take(struct pmu_counters *c, uint64_t accesses, uint64_t samples,
				     uint64_t warm_accesses)
{
	struct pmu_counts *counts = c != NULL ? calloc(1, sizeof(*counts)) : NULL;

	if (counts == NULL)
		return NULL;
	counts->operations = phase_operations(accesses, samples, warm_accesses);
	for (uint32_t i = 0; i < PMU_MAX_EVENTS; i++) {
		for (enum pmu_share share = 0; share < PMU_SHARES; share++)
			counts->count[i][share] = i < c->plan.event_count ? sum_of(c, i, share) : unknown;
	}
	return counts;
}

void pmu_counts_add(struct pmu_counts *sum, const struct pmu_counts *term)
{
	uint64_t operations;

	if (sum->operations == 0 || term->operations == 0 ||
	    !checked_add(sum->operations, term->operations, &operations))
		operations = 0;
	sum->operations = operations;
	for (uint32_t i = 0; i < PMU_MAX_EVENTS; i++) {
		for (int share = 0; share < PMU_SHARES; share++)
			merge(&sum->count[i][share], term->count[i][share]);
	}
}
