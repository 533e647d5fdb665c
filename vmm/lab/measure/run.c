#include "vmm/lab/measure/run.h"

#include "vmm/core/memory/backing.h"
#include "vmm/lab/measure/phases.h"
#include "vmm/lab/record/twin_table.h"

int measure_guest(struct record *rec, const struct machine_observer *beside, prealloc_progress progress,
		  struct error *e)
{
	struct phases p;
	int ret = measure_check_room(rec, e);

	if (ret == 0)
		ret = phases_init(&p, rec, e);
	if (ret != 0)
		return ret;
	p.beside = beside;
	p.observer.needs |= beside != NULL ? beside->needs : 0;
	p.observer.progress = progress;
	ret = machine_run(&rec->spec.machine, &rec->config, &rec->host, &p.observer, &rec->machine, e);
	if (!rec->machine.ran && rec->machine.stop_signal != 0)
		record_reason(rec, VERDICT_INTERRUPTED, "stopped by signal %d before the guest ran",
			      rec->machine.stop_signal);
	phases_free(&p);
	return ret;
}

uint64_t measure_touched_bytes(const struct record *rec, bool certain)
{
	const struct config *c = &rec->config;
	uint64_t most = 0;

	if (rec->spec.machine.guest_path != NULL)
		return 0;
	for (uint32_t i = 0; i < c->step_count; i++) {
		if (!certain || (workload_table[c->steps[i].workload].needs & FILLS_SET) != 0)
			most = max_u64(most, c->steps[i].working_set_bytes);
	}
	/* Where guest-physical pages share pages of the host, and of sets that are counted in pages, there is no more. */
	return min_u64(most * c->vcpus, memmap_host_bytes(&c->map));
}

int measure_check_room(const struct record *rec, struct error *e)
{
	const struct config *c = &rec->config;
	/* Another payload may make other tables. */
	uint64_t tables_bytes = rec->spec.machine.guest_path == NULL ? c->map.tables_bytes : 0;
	struct backing_spec spec;
	int ret = backing_resolve(&rec->spec.machine, &spec, e);

	if (ret != 0 || rec->spec.machine.populate >= POPULATE_PREALLOC)
		return ret;
	spec.bytes = memmap_host_bytes(&c->map);
	return room_check_touch("", &spec, tables_bytes, measure_touched_bytes(rec, true), c->vcpus, e);
}

int measure_run(struct record *rec, prealloc_progress progress, struct error *e)
{
	int ret;

	rec->in_core_bytes = cpuid_in_core_bytes(cpuid_of_host, NULL);
	ret = rec->spec.native ? measure_native(rec, progress, e) : measure_guest(rec, NULL, progress, e);

	if (ret != 0 && rec->verdict != VERDICT_INTERRUPTED)
		record_reason(rec, VERDICT_FAILED, "%s: %s", e->where, e->what);
	if (record_settle_clock(rec) != 0 || record_divide_twin(rec) != 0 || record_combine(rec) != 0 ||
	    record_find_tlb(rec) != 0)
		record_reason(rec, VERDICT_FAILED, "no memory to combine the vCPUs' results");
	else if (rec->cpu != NULL && record_predict(rec, rec->cpu) != 0)
		record_reason(rec, VERDICT_FAILED, "--predict: the model cannot take these figures");
	if (ret == 0)
		record_judge(rec);
	if (ret == 0 && record_judge_twin(rec) != 0)
		record_reason(rec, VERDICT_FAILED, "no memory to judge twin");
	return ret;
}
