#include "vmm/pmu/counters.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "units.h"
#include "vmm/pmu/event_open.h"

/* An event is counted for guest and host, or for the thread. */
#define MAX_COUNTERS (PMU_MAX_EVENTS * PMU_MAX_PARTS * 2)

struct counter {
	int fd;
	bool leads; /* a group, maybe of itself alone: only leaders are started and stopped */
	uint32_t event, part;
	enum pmu_share share;
	bool started; /* `before` holds what it read at the start */
	struct event_reading before;
};

struct pmu_counters {
	const struct pmu_plan *plan;
	uint32_t count;
	struct counter counter[MAX_COUNTERS];
};

static bool counted_as(const struct pmu_event *event, enum pmu_share share)
{
	return event->available && (share == PMU_THREAD) != event->split;
}

/* Give up the counters from the index `first` on. */
static void drop(struct pmu_counters *c, uint32_t first)
{
	/* Members before their leader. */
	while (c->count > first)
		(void)close(c->counter[--c->count].fd);
}

/* Open one counter as the next, in the group of leader_fd. 0 or -errno. */
static int add(struct pmu_counters *c, uint32_t event, uint32_t part, enum pmu_share share, int leader_fd)
{
	int fd = event_open(&c->plan->events[event].part[part], share, leader_fd);

	if (fd < 0)
		return fd;
	c->counter[c->count++] = (struct counter){
		.fd = fd, .leads = leader_fd < 0, .event = event, .part = part, .share = share
	};
	return 0;
}

/*
 * Whether a group counts at all: the kernel lets one in that would fit an idle PMU, and never runs it where others
 * hold a counter, as the NMI watchdog does.
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

	for (uint32_t i = 0; i < c->plan->event_count && ret == 0; i++) {
		const struct pmu_event *event = &c->plan->events[i];

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

/* The parts of one event, each for itself; all of them or none. 0 or -errno. */
static int open_single(struct pmu_counters *c, uint32_t event, enum pmu_share share)
{
	uint32_t first = c->count;
	int ret = 0;

	for (uint32_t part = 0; part < c->plan->events[event].part_count && ret == 0; part++)
		ret = add(c, event, part, share, -1);
	if (ret != 0)
		drop(c, first);
	return ret;
}

struct pmu_counters *pmu_counters_open(const struct pmu_plan *plan, int *err, uint32_t *event)
{
	struct pmu_counters *c = plan != NULL ? calloc(1, sizeof(*c)) : NULL;

	*err = plan != NULL && c == NULL ? ENOMEM : 0;
	*event = 0;
	if (c == NULL)
		return NULL;
	c->plan = plan;
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

/* What a counter counted since it was started, scaled to the whole phase where it shared the PMU (perf_event_open(2)). */
static struct pmu_count since_start(const struct counter *counter)
{
	struct pmu_count result = { .count = -1 };
	struct event_reading now;
	uint64_t enabled_ns, running_ns, count;

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
		result.count = (int64_t)((double)count / result.running_share + 0.5);
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
		for (int share = 0; share < PMU_SHARES; share++)
			counts->count[i][share].count = -1;
	}
	for (uint32_t i = 0; i < c->count; i++) {
		struct pmu_count *sum = &counts->count[c->counter[i].event][c->counter[i].share];
		struct pmu_count term = since_start(&c->counter[i]);

		if (c->counter[i].part == 0)
			*sum = term;
		else
			merge(sum, term);
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
