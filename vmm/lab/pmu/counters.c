/*
 * The counters of a thread: which events share one, which form a group, and what they counted in a phase.
 */
#include "vmm/lab/pmu/counters.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "units.h"

/* An event is counted for guest and host, or for the thread. */
#define PMU_MAX_COUNTERS (PMU_MAX_EVENTS * PMU_MAX_PARTS * 2)

/* In place of the index of a counter: there is none. */
#define PMU_NO_COUNTER (-1)

struct counter {
	int fd;
	bool leads; /* a group, maybe of itself alone: only leaders are started and stopped */
	struct pmu_code code;
	enum pmu_share share;
	bool started; /* `before` holds what it read at the start */
	struct event_reading before;
};

struct pmu_counters {
	struct pmu_plan plan; /* a copy: a thread that is stuck outlives the record */
	uint32_t count;
	struct counter counter[PMU_MAX_COUNTERS];
	/* Which counter has it, or PMU_NO_COUNTER. Events with the same code share one, as counters are few. */
	int16_t index[PMU_MAX_EVENTS][PMU_MAX_PARTS][PMU_SHARES];
};

/* A double from here on does not fit an int64_t. */
#define COUNT_LIMIT 9.2e18

static const struct pmu_count unknown = { .count = -1 };

static bool counted_as(const struct pmu_event *event, enum pmu_share share)
{
	return event->available && (share == PMU_THREAD) != event->split;
}

static bool same_code(const struct pmu_code *a, const struct pmu_code *b)
{
	return a->type == b->type && a->config == b->config && a->config1 == b->config1 &&
	       a->config2 == b->config2 && a->exclude_user == b->exclude_user &&
	       a->exclude_kernel == b->exclude_kernel && a->exclude_hv == b->exclude_hv;
}

/* Give up the counters from the index `first` on, members of a group before their leader. */
static void drop(struct pmu_counters *c, uint32_t first)
{
	int16_t *index = &c->index[0][0][0];

	/* Over all three dimensions, so not COUNT_OF(c->index). */
	for (size_t i = 0; i < sizeof(c->index) / sizeof(*index); i++) {
		if (index[i] >= (int16_t)first)
			index[i] = PMU_NO_COUNTER;
	}
	while (c->count > first)
		(void)close(c->counter[--c->count].fd);
}

/* Count one part of an event as `share`, by a counter there is or a new one in the group of leader_fd. 0 or -errno. */
static int add(struct pmu_counters *c, uint32_t event, uint32_t part, enum pmu_share share, int leader_fd)
{
	const struct pmu_code *code = &c->plan.events[event].part[part];
	int fd;

	for (uint32_t i = 0; i < c->count; i++) {
		if (c->counter[i].share != share || !same_code(&c->counter[i].code, code))
			continue;
		c->index[event][part][share] = (int16_t)i;
		return 0;
	}
	fd = event_open(code, share, leader_fd);
	if (fd < 0)
		return fd;
	c->index[event][part][share] = (int16_t)c->count;
	c->counter[c->count++] =
		(struct counter){ .fd = fd, .leads = leader_fd < 0, .code = *code, .share = share };
	return 0;
}

/*
 * Does the group count at all? The kernel accepts a group that would fit an idle PMU, and never runs it where something
 * else, such as the NMI watchdog, holds a counter.
 */
static bool runs(const struct counter *leader)
{
	struct event_reading now;

	event_start(leader->fd);
	event_stop(leader->fd);
	return event_read(leader->fd, &now) == 0 && now.running_ns != 0;
}

/* All events of a share in one group. 0; or -errno and none of them is open. */
static int open_group(struct pmu_counters *c, enum pmu_share share)
{
	uint32_t first = c->count;
	int ret = 0;

	for (uint32_t i = 0; i < c->plan.event_count && ret == 0; i++) {
		const struct pmu_event *event = &c->plan.events[i];

		if (!counted_as(event, share))
			continue;
		for (uint32_t part = 0; part < event->part_count && ret == 0; part++)
			ret = add(c, i, part, share, c->count == first ? -1 : c->counter[first].fd);
	}
	if (ret == 0 && c->count > first && !runs(&c->counter[first]))
		ret = -EBUSY;
	if (ret != 0)
		drop(c, first);
	return ret;
}

/* The parts of one event, each for itself. 0 or -errno: a sum that lacks a term is not known. */
static int open_single(struct pmu_counters *c, uint32_t event, enum pmu_share share)
{
	int ret = 0;

	for (uint32_t part = 0; part < c->plan.events[event].part_count && ret == 0; part++)
		ret = add(c, event, part, share, -1);
	return ret;
}

struct pmu_counters *pmu_counters_open(const struct pmu_plan *plan, int *err, uint32_t *event)
{
	struct pmu_counters *c = plan != NULL ? calloc(1, sizeof(*c)) : NULL;

	*err = plan != NULL && c == NULL ? ENOMEM : 0;
	*event = 0;
	if (c == NULL)
		return NULL;
	c->plan = *plan;
	drop(c, 0);
	for (enum pmu_share share = 0; share < PMU_SHARES; share++) {
		if (open_group(c, share) == 0)
			continue;
		for (uint32_t i = 0; i < plan->event_count; i++) {
			int ret = counted_as(&plan->events[i], share) ? open_single(c, i, share) : 0;

			if (ret == 0 || *err != 0)
				continue;
			*err = -ret;
			*event = i;
		}
	}
	return c;
}

void pmu_counters_close(struct pmu_counters *c)
{
	if (c == NULL)
		return;
	drop(c, 0);
	free(c);
}

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

/* The count since the start, scaled to the whole phase where the counter shared the PMU (perf_event_open(2)). */
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

/* The sum over the parts of an event. */
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

struct pmu_counts *pmu_counters_read(struct pmu_counters *c, uint64_t accesses, uint64_t samples,
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
