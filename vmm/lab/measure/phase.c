#include "vmm/lab/measure/phase.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "driver.h"
#include "units.h"
#include "vmm/theory/walk/walk_list.h"
#include "vmm/lab/measure/cost.h"
#include "vmm/lab/measure/dirty.h"
#include "vmm/lab/measure/result.h"
#include "vmm/util/clock.h"

static void snapshot_take(struct vcpu_task *task, struct phase_snapshot *s)
{
	struct rusage usage;

	stats_read(&task->vcpu.stats, s->stats);
	s->switches = getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nivcsw : -1;
	s->tsc_cycles = clock_tsc_cycles();
}

static int64_t delta(int64_t from, int64_t to)
{
	return from < 0 || to < 0 ? -1 : to - from;
}

/* Exits that the guest itself caused: all, less those for the host's own interrupts. -1: not known. */
static int64_t own_exits(const struct phase_snapshot *from, const struct phase_snapshot *to)
{
	int64_t all = delta(from->stats[VCPU_EXITS], to->stats[VCPU_EXITS]);
	int64_t irq = delta(from->stats[VCPU_IRQ_EXITS], to->stats[VCPU_IRQ_EXITS]);

	if (all < 0 || irq < 0)
		return all;
	return all - irq;
}

/* Two empty doorbells in a row: what lies between them is what a doorbell costs. The least of several counts. */
static void calibrate(struct vcpu_task *task)
{
	struct phase_snapshot now;
	int64_t exits;

	snapshot_take(task, &now);
	if (task->seen_empty) {
		exits = own_exits(&task->last_empty, &now);
		if (exits >= 0 && (task->doorbell_exits < 0 || exits < task->doorbell_exits))
			task->doorbell_exits = exits;
	}
	task->seen_empty = true;
	task->last_empty = now;
}

static struct phase_counts phase_count(const struct vcpu_task *task, const struct phase_snapshot *end)
{
	struct phase_counts counts = {
		.exits = own_exits(&task->begin, end),
		.interrupts = delta(task->begin.stats[VCPU_IRQ_EXITS], end->stats[VCPU_IRQ_EXITS]),
		.page_faults = delta(task->begin.stats[VCPU_PF_FIXED], end->stats[VCPU_PF_FIXED]),
		.switches = delta(task->begin.switches, end->switches),
	};
	/* The phase holds one doorbell: the one that ends it. */
	int64_t doorbell = task->doorbell_exits >= 0 ? task->doorbell_exits : 1;

	if (counts.exits >= 0)
		counts.exits = counts.exits > doorbell ? counts.exits - doorbell : 0;
	return counts;
}

void phase_keep_peak_pages(struct machine *m)
{
	struct record *rec = m->rec;
	int64_t pages[VM_STAT_COUNT];

	stats_read(&m->vm.stats, pages);
	if (pages[VM_PAGES_4K] < 0 || pages[VM_PAGES_2M] < 0 || pages[VM_PAGES_1G] < 0)
		return;
	rec->have_kvm_pages = true;
	rec->kvm_pages_4k = max_u64(rec->kvm_pages_4k, (uint64_t)pages[VM_PAGES_4K]);
	rec->kvm_pages_2m = max_u64(rec->kvm_pages_2m, (uint64_t)pages[VM_PAGES_2M]);
	rec->kvm_pages_1g = max_u64(rec->kvm_pages_1g, (uint64_t)pages[VM_PAGES_1G]);
}

/*
 * Ring 0 that KVM interprets takes a thousand times as long; nothing on real hardware makes the same loop take
 * sixteen times.
 */
#define INTERPRETED_SLOWDOWN 16.0

static double ring0_slowdown(const struct vcpu_block *block)
{
	if (block->ring0_loop_cycles == 0 || block->ring3_loop_cycles == 0)
		return 0;
	return (double)block->ring0_loop_cycles / (double)block->ring3_loop_cycles;
}

/* The record has one figure for all vCPUs: the worst of them, since one that was preempted in ring 3 shows too little. */
static double max_slowdown(double known, const struct vcpu_block *block)
{
	double mine = ring0_slowdown(block);

	return mine > known ? mine : known;
}

/* What the row says in place of a figure, or AVAILABLE. */
static enum unavailable withheld(const struct vcpu_block *block, const struct workload_part *part)
{
	if (part->ring0 && ring0_slowdown(block) > INTERPRETED_SLOWDOWN)
		return UNAVAILABLE_RING0;
	return (enum unavailable)block->result.unavailable;
}

static int add_result(struct vcpu_task *task, const struct phase_snapshot *end, struct error *e)
{
	const struct guest_result *g = &task->copy.result;
	const struct workload_part *part = driver_part(g->workload, g->variant);
	enum unavailable missing = withheld(&task->copy, part);
	struct record *rec = task->machine->rec;
	int64_t pages[VM_STAT_COUNT];
	struct result r = {
		.step = g->step,
		.workload = (enum workload_id)g->workload,
		.variant = (enum workload_variant)g->variant,
		.vcpu = (int32_t)task->vcpu.index,
		.working_set_bytes = g->working_set_bytes,
		.stride_bytes = g->stride_bytes,
		.pages = g->pages,
		.guest_page_bytes = rec->config.guest_page_bytes,
		.accesses = g->accesses,
		.checksum = g->checksum,
		.may_exit = part->may_exit != 0,
		.operations = part->warm_passes == 0 ? g->accesses * g->samples : 0,
		.sample_count = missing == AVAILABLE ? g->samples : 0,
		.counts = phase_count(task, end),
		.refs_theory = refs_theory(rec->host.second_dimension, rec->host.second_dimension_levels,
					   rec->config.guest_page_bytes, rec->config.page_bytes),
	};
	int ret;

	stats_read(&task->machine->vm.stats, pages);
	r.leaves_4k = pages[VM_PAGES_4K];
	r.leaves_2m = pages[VM_PAGES_2M];
	r.leaves_1g = pages[VM_PAGES_1G];
	/* The log's end puts KVM's tables back together: first what they were. */
	pthread_mutex_lock(&task->machine->lock);
	phase_keep_peak_pages(task->machine);
	cost_sample(task->machine, task->last_result);
	pthread_mutex_unlock(&task->machine->lock);
	if (dirty_end(task, &r.dirty_pages, e) != 0)
		return e->err > 0 ? -e->err : -EIO;
	(void)snprintf(r.note, sizeof(r.note), "%s", unavailable_text(missing));
	r.pmu = pmu_counters_take(task->pmu, g->accesses, g->samples, g->warm_accesses);
	pthread_mutex_lock(&task->machine->lock);
	rec->ring0_slowdown = max_slowdown(rec->ring0_slowdown, &task->copy);
	ret = record_add(rec, &r, g->samples_cycles, task->machine->tsc_khz);
	dirty_tell_rows(rec, r.step, r.variant, r.dirty_pages);
	pthread_mutex_unlock(&task->machine->lock);
	if (ret == 0)
		return 0;
	free(r.pmu);
	return error_set(e, STATUS_FAILED, -ret, "record", "cannot keep a result");
}

static int phase_end(struct vcpu_task *task, struct error *e)
{
	const struct vcpu_block *block =
		machine_claim(task->machine, VCPU_BLOCKS_GPA + (uint64_t)task->vcpu.index * VCPU_BLOCK_BYTES,
			      sizeof(*block), e);
	struct phase_snapshot end;
	int64_t order;
	char why[160];

	snapshot_take(task, &end);
	if (block == NULL)
		return -EFAULT;
	if (!task->in_phase)
		return error_set(e, STATUS_FAILED, EPROTO, "doorbell",
				 "vCPU %u ended a phase that never began", task->vcpu.index);
	task->in_phase = false;
	memcpy(&task->copy, block, sizeof(task->copy));
	if (result_check(&task->copy, task->vcpu.index, &task->machine->rec->config,
			 end.tsc_cycles - task->begin.tsc_cycles, why, sizeof(why)) != 0)
		return error_set(e, STATUS_FAILED, EBADMSG, "result block",
				 "vCPU %u: implausible result, not believed: %s", task->vcpu.index, why);
	order = (int64_t)task->copy.result.step * VARIANT_COUNT + task->copy.result.variant;
	if (order <= task->last_result)
		return error_set(e, STATUS_FAILED, EBADMSG, "result block",
				 "vCPU %u: implausible result, not believed: step %u came again",
				 task->vcpu.index, task->copy.result.step);
	task->last_result = order;
	return add_result(task, &end, e);
}

static int phase_begin(struct vcpu_task *task, struct error *e)
{
	/* First what may take long, then the counters. */
	if (dirty_begin(task, e) != 0)
		return e->err > 0 ? -e->err : -EIO;
	task->in_phase = true;
	snapshot_take(task, &task->begin);
	pmu_counters_start(task->pmu);
	return 0;
}

/* Whoever watches sees the guest before a phase begins and after it has ended. */
static int show(const struct vcpu_task *task, uint32_t number, struct error *e)
{
	const struct machine *m = task->machine;
	const struct run_view view = {
		.vcpu = &task->vcpu,
		.vm = &m->vm,
		.map = &m->rec->config.map,
		.backing = &m->ram.backing,
		.cpuid = m->cpuid,
	};

	return m->watcher != NULL ? m->watcher->look(m->watcher->self, &view, number, e) : 0;
}

int phase_doorbell(struct vcpu_task *task, uint32_t number, struct error *e)
{
	int ret;

	switch (number) {
	case DOORBELL_MAIN:
		pthread_mutex_lock(&task->machine->lock);
		if (task->machine->main_ns == 0)
			task->machine->main_ns = clock_ns();
		pthread_mutex_unlock(&task->machine->lock);
		return show(task, number, e);
	case DOORBELL_BEGIN:
		ret = show(task, number, e);
		return ret == 0 ? phase_begin(task, e) : ret;
	case DOORBELL_END:
		pmu_counters_stop(task->pmu);
		ret = phase_end(task, e);
		return ret == 0 ? show(task, number, e) : ret;
	case DOORBELL_EMPTY:
		calibrate(task);
		return 0;
	case DOORBELL_VCPU_DONE:
		task->done = true;
		return 0;
	default:
		return error_set(e, STATUS_FAILED, EPROTO, "doorbell", "vCPU %u rang the unknown doorbell %u",
				 task->vcpu.index, number);
	}
}

uint32_t phase_expected_results(const struct config *config)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < config->step_count; i++) {
		for (uint32_t v = 0; v < VARIANT_COUNT; v++)
			count += driver_part(config->steps[i].workload, v) != NULL;
	}
	return count;
}
