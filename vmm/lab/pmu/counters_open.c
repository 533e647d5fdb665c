/* The counters of a thread: which events share a counter, which counters a group. */
#include "vmm/lab/pmu/counters.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "vmm/lab/pmu/counter_set.h"

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
