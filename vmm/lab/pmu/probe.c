/* Which events of a plan would count here: each is opened as a run would open it, and closed again. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "vmm/lab/pmu/event_open.h"
#include "vmm/lab/pmu/plan.h"

/* 0 or -errno. */
static int try_open(const struct pmu_code *code, enum pmu_share share)
{
	int fd = event_open(code, share, -1);

	if (fd < 0)
		return fd;
	(void)close(fd);
	return 0;
}

static void ask(struct pmu_event *event, bool split)
{
	enum pmu_share first, last;
	int ret = 0;

	event->available = false;
	/* pmu_plan_make has said why. */
	if (event->part_count == 0)
		return;
	event->reason[0] = '\0';
	event->split = split;
	for (uint32_t i = 0; i < event->part_count; i++)
		event->split = event->split && event_can_split(&event->part[i]);
	first = event->split ? PMU_GUEST : PMU_THREAD;
	last = event->split ? PMU_HOST : PMU_THREAD;
	for (uint32_t i = 0; i < event->part_count && ret == 0; i++) {
		for (enum pmu_share share = first; share <= last && ret == 0; share++)
			ret = try_open(&event->part[i], share);
	}
	event->available = ret == 0;
	if (ret != 0)
		(void)event_refusal(-ret, event->reason, sizeof(event->reason));
}

void pmu_plan_probe(struct pmu_plan *plan, bool split)
{
	for (uint32_t i = 0; i < plan->event_count; i++)
		ask(&plan->events[i], split);
}
