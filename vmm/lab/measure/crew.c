#include "vmm/lab/measure/crew.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vmm/theory/walk/walk_list.h"
#include "vmm/util/clock.h"

#define WAKE_NS UINT64_C(100000000)

static int init_sync(struct crew *crew)
{
	pthread_condattr_t attr;
	int ret = pthread_condattr_init(&attr);

	if (ret != 0)
		return ret;
	ret = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (ret == 0)
		ret = pthread_cond_init(&crew->changed, &attr);
	(void)pthread_condattr_destroy(&attr);
	if (ret != 0)
		return ret;
	ret = pthread_mutex_init(&crew->lock, NULL);
	if (ret != 0)
		(void)pthread_cond_destroy(&crew->changed);
	return ret;
}

static void plan_members(struct crew *crew, struct record *rec, void *arena, uint64_t tsc_khz)
{
	const struct config *c = &rec->config;

	crew->rec = rec;
	crew->step_count = c->step_count;
	memcpy(crew->steps, c->steps, c->step_count * sizeof(*c->steps));
	crew->arena = arena;
	crew->arena_bytes = c->map.arena_bytes;
	crew->leaf_bytes = c->page_bytes;
	crew->seed = c->seed;
	crew->tsc_khz = tsc_khz;
	crew->refs_theory = refs_theory(SECOND_NONE, 0, c->page_bytes, c->page_bytes);
	crew->pmu = rec->pmu;
	crew->pin_count = rec->spec.machine.pin_count;
	memcpy(crew->pin, rec->spec.machine.pin, sizeof(crew->pin));
	crew->size = c->vcpus;
	/* Pinned ones may share a CPU too. Giving way costs nothing where nobody waits for the CPU. */
	crew->crowded = c->vcpus > rec->host.cpus || crew->pin_count > 0;
	for (uint32_t i = 0; i < c->vcpus; i++) {
		crew->members[i].crew = crew;
		crew->members[i].vcpu = i;
	}
}

struct crew *crew_new(struct record *rec, void *arena, uint64_t tsc_khz, struct error *e)
{
	uint32_t vcpus = rec->config.vcpus;
	struct crew *crew = calloc(1, sizeof(*crew) + vcpus * sizeof(crew->members[0]));
	int ret = ENOMEM;

	if (crew != NULL) {
		/* One more than needed, because calloc of nothing may return NULL. */
		crew->steps = calloc(rec->config.step_count + 1, sizeof(*crew->steps));
		if (crew->steps != NULL)
			ret = init_sync(crew);
	}
	if (ret != 0) {
		(void)error_set(e, STATUS_FAILED, ret, "native", "no memory for %u threads", vcpus);
		if (crew != NULL)
			free(crew->steps);
		free(crew);
		return NULL;
	}
	plan_members(crew, rec, arena, tsc_khz);
	return crew;
}

void crew_free(struct crew *crew)
{
	if (crew == NULL)
		return;
	for (uint32_t i = 0; i < crew->started; i++)
		(void)pthread_join(crew->members[i].thread, NULL);
	(void)pthread_cond_destroy(&crew->changed);
	(void)pthread_mutex_destroy(&crew->lock);
	free(crew->steps);
	free(crew);
}

int crew_start(struct crew *crew, struct error *e)
{
	for (uint32_t i = 0; i < crew->size; i++) {
		int ret = pthread_create(&crew->members[i].thread, NULL, crew_member_main, &crew->members[i]);

		if (ret != 0) {
			crew_give_up(crew);
			return error_set(e, STATUS_FAILED, ret, "pthread_create", "no thread %u of %u", i,
					 crew->size);
		}
		(void)pthread_mutex_lock(&crew->lock);
		crew->started++;
		(void)pthread_mutex_unlock(&crew->lock);
	}
	return 0;
}

void crew_give_up(struct crew *crew)
{
	__atomic_store_n(&crew->give_up, true, __ATOMIC_RELEASE);
}

bool crew_wait(struct crew *crew, uint64_t deadline_ns)
{
	uint64_t wake_ns = clock_ns() + WAKE_NS;
	struct timespec wake;
	bool all;

	if (wake_ns > deadline_ns)
		wake_ns = deadline_ns;
	wake.tv_sec = (time_t)(wake_ns / NS_PER_S);
	wake.tv_nsec = (long)(wake_ns % NS_PER_S);
	(void)pthread_mutex_lock(&crew->lock);
	while (crew->finished < crew->started &&
	       pthread_cond_timedwait(&crew->changed, &crew->lock, &wake) == 0)
		;
	all = crew->finished == crew->started;
	(void)pthread_mutex_unlock(&crew->lock);
	return all;
}

void crew_close(struct crew *crew, struct error *e)
{
	(void)pthread_mutex_lock(&crew->lock);
	crew->rec = NULL;
	if (crew->error.status != STATUS_OK && e->status == STATUS_OK)
		*e = crew->error;
	(void)pthread_mutex_unlock(&crew->lock);
}
