#include "vmm/lab/measure/run.h"

#include <errno.h>

#include "vmm/core/memory/shortage.h"
#include "vmm/lab/measure/crew.h"
#include "vmm/lab/measure/landing.h"
#include "vmm/util/clock.h"
#include "vmm/util/stop.h"

/* What a thread that was told to stop has to finish its sample. */
#define GRACE_NS (2 * NS_PER_S)

/* Until all have finished, the user stops us or the watchdog does. True: no thread runs any more. */
static bool await(struct crew *crew, struct record *rec, struct error *e)
{
	uint64_t deadline_ns = clock_ns() + rec->spec.machine.timeout_s * NS_PER_S;
	bool finished = crew_wait(crew, deadline_ns);

	while (!finished && stop_requested() == 0 && clock_ns() < deadline_ns)
		finished = crew_wait(crew, deadline_ns);
	if (stop_requested() != 0) {
		record_reason(rec, VERDICT_INTERRUPTED, "stopped by signal %d; results are partial",
			      stop_requested());
	} else if (!finished) {
		(void)error_set(e, STATUS_WATCHDOG, ETIMEDOUT, "watchdog",
				"the workloads did not end within %u s and were stopped",
				rec->spec.machine.timeout_s);
		error_hint(e, "--timeout SEC allows more");
	}
	if (!finished) {
		crew_give_up(crew);
		for (uint64_t end_ns = clock_ns() + GRACE_NS; !finished && clock_ns() < end_ns;)
			finished = crew_wait(crew, end_ns);
	}
	return finished;
}

/* *idle: no thread uses the arena any more, so it may be unmapped. */
static int run_crew(struct record *rec, const struct backing *backing, void *arena, bool *idle,
		    struct error *e)
{
	uint64_t start_ns = clock_ns();
	struct crew *crew;

	if (rec->host.tsc_khz == 0)
		rec->host.tsc_khz = facts_tsc_khz();
	crew = crew_new(rec, arena, rec->host.tsc_khz, e);
	if (crew == NULL)
		return -ENOMEM;
	(void)crew_start(crew, e);
	*idle = await(crew, rec, e);
	crew_close(crew, e);
	if (e->status == STATUS_OK && __atomic_load_n(&crew->starved, __ATOMIC_ACQUIRE))
		(void)shortage_explain(backing, ENOMEM, "no page behind a workload's access", e);
	/* The crew of a stuck thread is left to it; the process is about to end anyway. */
	if (*idle)
		crew_free(crew);
	rec->machine.timing.workloads = clock_ns() - start_ns;
	if (e->status == STATUS_OK)
		return 0;
	return e->err > 0 ? -e->err : -EINVAL;
}

static int run_on(struct record *rec, struct backing *backing, struct error *e)
{
	const struct memmap *map = &rec->config.map;
	void *arena = backing_at(backing, map->arena_gpa, map->arena_bytes);
	struct error observe_error = { .status = STATUS_OK };
	bool idle = true;
	int ret;

	if (landing_install(e) != 0)
		ret = -e->err;
	else if (arena == NULL)
		ret = error_set(e, STATUS_FAILED, EFAULT, "native", "the arena does not lie in the memory");
	else
		ret = run_crew(rec, backing, arena, &idle, e);
	if (ram_observe(backing, &rec->machine, &observe_error) != 0 && ret == 0) {
		*e = observe_error;
		ret = e->err > 0 ? -e->err : -EINVAL;
	}
	if (idle)
		ram_release(backing, &rec->machine);
	return ret;
}

int measure_native(struct record *rec, prealloc_progress progress, struct error *e)
{
	uint64_t start_ns = clock_ns();
	struct backing_spec spec;
	struct backing backing = { .fd = -1 };
	int ret;

	ret = backing_resolve(&rec->spec.machine, &spec, e);
	if (ret != 0)
		return ret;
	spec.bytes = rec->config.ram_bytes;
	spec.align_bytes = memmap_congruence_bytes(spec.bytes);
	ret = ram_acquire(&rec->spec.machine, &spec, progress, &backing, &rec->machine, e);
	if (ret == 0)
		ret = run_on(rec, &backing, e);
	else if (stop_requested() != 0)
		record_reason(rec, VERDICT_INTERRUPTED, "stopped by signal %d before the workloads ran",
			      stop_requested());
	rec->machine.timing.total = clock_ns() - start_ns;
	return ret;
}
