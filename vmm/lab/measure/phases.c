/* Timed phases, from the doorbell that begins one to the row of the record. */
#include "vmm/lab/measure/phases.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "driver.h"
#include "units.h"
#include "vmm/host/sysfile.h"
#include "vmm/theory/walk/walk_list.h"
#include "vmm/util/clock.h"

static void snapshot_read(const struct phases *p, const struct kvm_vcpu *vcpu, struct phase_snapshot *s)
{
	struct rusage usage;

	stats_read(&vcpu->stats, s->stats);
	s->switches = s->major_faults = -1;
	if (getrusage(RUSAGE_THREAD, &usage) == 0) {
		s->switches = usage.ru_nivcsw;
		s->major_faults = usage.ru_majflt;
	}
	s->throttled_ns = limits_throttled_ns("", &p->quotas);
	s->ns = clock_ns();
	s->tsc_cycles = clock_tsc_cycles();
}

/* Exits that the guest itself caused: all, less those for the host's own interrupts. -1: not known. */
static int64_t own_exits(const struct phase_snapshot *from, const struct phase_snapshot *to)
{
	int64_t all = count_between(from->stats[VCPU_EXITS], to->stats[VCPU_EXITS]);
	int64_t irq = count_between(from->stats[VCPU_IRQ_EXITS], to->stats[VCPU_IRQ_EXITS]);

	if (all < 0 || irq < 0)
		return all;
	return all - irq;
}

/* The exits between two empty doorbells are what one doorbell costs. The least of several such counts is used. */
static void calibrate(const struct phases *p, struct phase_vcpu *self, const struct kvm_vcpu *vcpu)
{
	struct phase_snapshot now;
	int64_t exits;

	snapshot_read(p, vcpu, &now);
	if (self->seen_empty) {
		exits = own_exits(&self->last_empty, &now);
		if (exits >= 0 && (self->doorbell_exits < 0 || exits < self->doorbell_exits))
			self->doorbell_exits = exits;
	}
	self->seen_empty = true;
	self->last_empty = now;
}

static struct phase_counts phase_count(const struct phase_vcpu *self, const struct phase_snapshot *end)
{
	struct phase_counts counts = {
		.exits = own_exits(&self->begin, end),
		.interrupts = count_between(self->begin.stats[VCPU_IRQ_EXITS], end->stats[VCPU_IRQ_EXITS]),
		.major_faults = count_between(self->begin.major_faults, end->major_faults),
		.page_faults = count_between(self->begin.stats[VCPU_PF_FIXED], end->stats[VCPU_PF_FIXED]),
		.switches = count_between(self->begin.switches, end->switches),
	};
	/* The phase holds one doorbell: the one that ends it. */
	int64_t doorbell = self->doorbell_exits >= 0 ? self->doorbell_exits : 1;

	if (counts.exits >= 0)
		counts.exits = counts.exits > doorbell ? counts.exits - doorbell : 0;
	return counts;
}

void phases_keep_peak_pages(struct phases *p, const struct machine_view *view)
{
	struct record *rec = p->rec;
	int64_t pages[VM_STAT_COUNT];

	stats_read(&view->vm->stats, pages);
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

/* What the row says in place of a figure, or AVAILABLE. */
static enum unavailable withheld(const struct vcpu_block *block, const struct workload_part *part)
{
	if (part->ring0 && ring0_slowdown(block) > INTERPRETED_SLOWDOWN)
		return UNAVAILABLE_RING0;
	return (enum unavailable)block->result.unavailable;
}

static int add_result(struct phases *p, const struct machine_view *view, uint32_t vcpu,
		      const struct phase_snapshot *end, struct error *e)
{
	struct phase_vcpu *self = &p->vcpus[vcpu];
	const struct guest_result *g = &self->copy.result;
	const struct workload_part *part = driver_part(g->workload, g->variant);
	enum unavailable missing = withheld(&self->copy, part);
	struct record *rec = p->rec;
	int64_t pages[VM_STAT_COUNT];
	struct result r = result_from_guest(g, vcpu, part);
	int ret;

	r.step = config_result(&rec->config, g->step);
	r.guest_page_bytes = rec->config.guest_page_bytes;
	r.act = self->act;
	r.sample_count = missing == AVAILABLE && !r.act.unavailable ? g->samples : 0;
	r.counts = phase_count(self, end);
	counts_throttled(&r.counts, count_between(self->begin.throttled_ns, end->throttled_ns),
			 (int64_t)(end->ns - self->begin.ns), rec->config.vcpus);
	r.refs_theory = refs_theory(rec->host.second_dimension, rec->host.second_dimension_levels,
				    rec->config.guest_page_bytes, rec->config.page_bytes);
	stats_read(&view->vm->stats, pages);
	r.leaves_4k = pages[VM_PAGES_4K];
	r.leaves_2m = pages[VM_PAGES_2M];
	r.leaves_1g = pages[VM_PAGES_1G];
	/* When logging ends, KVM merges its leaves again, so they are counted before. */
	pthread_mutex_lock(&p->lock);
	phases_keep_peak_pages(p, view);
	cost_sample(p, self->last_result);
	pthread_mutex_unlock(&p->lock);
	if (dirty_end(p, view, vcpu, &r.dirty_pages, e) != 0)
		return e->err > 0 ? -e->err : -EIO;
	act_end(p, view, g);
	(void)snprintf(r.note, sizeof(r.note), "%s", r.act.made ? r.act.note : unavailable_text(missing));
	r.pmu = pmu_counters_read(self->pmu, g->accesses, g->samples, g->warm_accesses);
	pthread_mutex_lock(&p->lock);
	/* The worst of all vCPUs, since one that was preempted in ring 3 shows too little. */
	rec->ring0_slowdown = fmax(rec->ring0_slowdown, ring0_slowdown(&self->copy));
	ret = record_add(rec, &r, g, view->tsc_khz);
	dirty_update_rows(rec, r.step, r.variant, r.dirty_pages);
	pthread_mutex_unlock(&p->lock);
	if (ret == 0)
		return 0;
	free(r.pmu);
	return error_set(e, STATUS_FAILED, -ret, "record", "cannot keep a result");
}

static int phase_end(struct phases *p, const struct machine_view *view, uint32_t vcpu, struct error *e)
{
	struct phase_vcpu *self = &p->vcpus[vcpu];
	struct phase_snapshot end;
	int64_t order;
	char why[160];
	int ret;

	snapshot_read(p, &view->vcpus[vcpu], &end);
	ret = machine_read_block(view->machine, vcpu, &self->copy, e);
	if (ret != 0)
		return ret;
	if (!self->in_phase)
		return error_set(e, STATUS_FAILED, EPROTO, "doorbell",
				 "vCPU %u ended a phase that never began", vcpu);
	self->in_phase = false;
	if (result_check(&self->copy, vcpu, &p->rec->config, end.tsc_cycles - self->begin.tsc_cycles, why,
			 sizeof(why)) != 0)
		return error_set(e, STATUS_FAILED, EBADMSG, "result block",
				 "vCPU %u: implausible result, not believed: %s", vcpu, why);
	order = (int64_t)self->copy.result.step * VARIANT_COUNT + self->copy.result.variant;
	if (order <= self->last_result)
		return error_set(e, STATUS_FAILED, EBADMSG, "result block",
				 "vCPU %u: implausible result, not believed: step %u came again", vcpu,
				 self->copy.result.step);
	self->last_result = order;
	return add_result(p, view, vcpu, &end, e);
}

static int phase_begin(struct phases *p, const struct machine_view *view, uint32_t vcpu, struct error *e)
{
	struct phase_vcpu *self = &p->vcpus[vcpu];
	int ret = machine_read_block(view->machine, vcpu, &self->copy, e);

	/* What may take long comes first, then the counters. */
	if (ret == 0)
		ret = dirty_begin(p, view, vcpu, e);
	if (ret != 0)
		return ret;
	act_begin(p, view, vcpu);
	self->in_phase = true;
	snapshot_read(p, &view->vcpus[vcpu], &self->begin);
	pmu_counters_start(self->pmu);
	return 0;
}

static int call_beside(const struct phases *p, const struct machine_view *view, uint32_t vcpu,
		       uint32_t number, struct error *e)
{
	return p->beside != NULL ? p->beside->doorbell(p->beside->self, view, vcpu, number, e) : 0;
}

static int doorbell(void *argument, const struct machine_view *view, uint32_t vcpu, uint32_t number,
		    struct error *e)
{
	struct phases *p = argument;
	int ret;

	switch (number) {
	case DOORBELL_BEGIN:
		ret = call_beside(p, view, vcpu, number, e);
		return ret == 0 ? phase_begin(p, view, vcpu, e) : ret;
	case DOORBELL_END:
		pmu_counters_stop(p->vcpus[vcpu].pmu);
		ret = phase_end(p, view, vcpu, e);
		return ret == 0 ? call_beside(p, view, vcpu, number, e) : ret;
	case DOORBELL_EMPTY:
		calibrate(p, &p->vcpus[vcpu], &view->vcpus[vcpu]);
		return 0;
	default:
		return call_beside(p, view, vcpu, number, e);
	}
}

/* The files that are read at doorbells, read once while they may be opened, and kept open. */
static void loaded(void *argument, const struct machine_view *view)
{
	struct phases *p = argument;

	sysfile_keep(true);
	(void)limits_throttled_ns("", &p->quotas);
	cost_start(p);
	act_rehearse(p, view);
	if (p->beside != NULL && p->beside->loaded != NULL)
		p->beside->loaded(p->beside->self, view);
	sysfile_keep(false);
}

bool phases_may_come(const struct record *rec, bool (*wanted)(const struct workload_part *part))
{
	const struct config *c = &rec->config;

	/* A payload may report any part, whatever the plan is. */
	if (rec->spec.machine.guest_path != NULL)
		return true;
	for (uint32_t i = 0; i < c->step_count; i++) {
		for (uint32_t v = 0; v < VARIANT_COUNT; v++) {
			const struct workload_part *part = driver_part(c->steps[i].workload, v);

			if (part != NULL && wanted(part))
				return true;
		}
	}
	return false;
}

static bool logs_dirty(const struct workload_part *part)
{
	return part->dirty_log;
}

/* What the parts of the plan make a vCPU's thread do. */
static uint32_t needs_of(const struct record *rec)
{
	uint32_t needs = rec->pmu != NULL ? SANDBOX_NEEDS_PMU : 0;

	return phases_may_come(rec, logs_dirty) ? needs | SANDBOX_NEEDS_DIRTY_LOG : needs;
}

/* Events belong to the thread that opens them. One that cannot be opened is a missing value, not an error. */
static void vcpu_begins(void *argument, const struct machine_view *view, uint32_t vcpu)
{
	struct phases *p = argument;
	uint32_t event;
	int err;

	(void)view;
	p->vcpus[vcpu].pmu = pmu_counters_open(p->rec->pmu, &err, &event);
	if (err == 0)
		return;
	pthread_mutex_lock(&p->lock);
	record_reason(p->rec, VERDICT_OK, "vCPU %u could not count %s: %s", vcpu,
		      p->rec->pmu->events[event].name, strerror(err));
	pthread_mutex_unlock(&p->lock);
}

static void vcpu_ends(void *argument, const struct machine_view *view, uint32_t vcpu)
{
	struct phases *p = argument;

	(void)view;
	pmu_counters_close(p->vcpus[vcpu].pmu);
}

uint32_t phases_expected_results(const struct config *config)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < config->step_count; i++) {
		for (uint32_t v = 0; v < VARIANT_COUNT; v++) {
			const struct workload_part *part = driver_part(config->steps[i].workload, v);

			count += part != NULL && (!part->single_loads || config->steps[i].histogram != 0);
		}
	}
	return count;
}

/* The embedded guest has to report every result of the plan. Another payload may report fewer. */
static int check_complete(struct record *rec, struct error *e)
{
	uint32_t expected = phases_expected_results(&rec->config) * rec->config.vcpus, reported = 0;

	for (uint32_t i = 0; i < rec->result_count; i++)
		reported += rec->results[i].rounds;
	if (reported == expected || rec->verdict == VERDICT_INTERRUPTED)
		return 0;
	if (rec->spec.machine.guest_path != NULL) {
		record_reason(rec, VERDICT_OK, "the payload reported %u of %u planned results", reported,
			      expected);
		return 0;
	}
	return error_set(e, STATUS_FAILED, EBADMSG, "guest", "it ended after %u of %u planned results",
			 reported, expected);
}

static void note_strays(struct record *rec)
{
	const struct stray_log *strays = &rec->machine.strays;
	uint64_t unlisted = strays->total;
	char text[80];

	for (uint32_t i = 0; i < strays->places; i++) {
		record_reason(rec, VERDICT_OK, "the guest %s, where no device is",
			      stray_describe(&strays->place[i], text));
		unlisted -= strays->place[i].count;
	}
	if (unlisted != 0)
		record_reason(rec, VERDICT_OK,
			      "the guest made %" PRIu64
			      " more accesses to other addresses where no device is",
			      unlisted);
}

/* Note which counts are missing, because a verdict of ok does not prove then what they would have shown. */
static void note_missing(struct record *rec, const struct machine_view *view)
{
	char names[160] = "";

	stats_missing(&view->vm->stats, names, sizeof(names));
	stats_missing(&view->vcpus[0].stats, names, sizeof(names));
	if (names[0] != '\0')
		record_reason(rec, VERDICT_OK, "this KVM does not count %s: what that proves is not known",
			      names);
}

static int ended(void *argument, const struct machine_view *view, int ret, struct error *e)
{
	struct phases *p = argument;

	if (ret == 0 && p->rec->machine.stop_signal != 0)
		record_reason(p->rec, VERDICT_INTERRUPTED, "stopped by signal %d; results are partial",
			      p->rec->machine.stop_signal);
	note_strays(p->rec);
	note_missing(p->rec, view);
	/* Also where no phase was completed: the installed leaves are known then, too. No vCPU runs any more. */
	phases_keep_peak_pages(p, view);
	cost_finish(p, view);
	return ret == 0 ? check_complete(p->rec, e) : ret;
}

int phases_init(struct phases *p, struct record *rec, struct error *e)
{
	*p = (struct phases){
		.rec = rec,
		.vcpus = calloc(rec->config.vcpus, sizeof(*p->vcpus)),
		.observer = { .self = p,
			      .needs = needs_of(rec),
			      .loaded = loaded,
			      .vcpu_begins = vcpu_begins,
			      .vcpu_ends = vcpu_ends,
			      .doorbell = doorbell,
			      .ended = ended },
	};
	if (p->vcpus == NULL || pthread_mutex_init(&p->lock, NULL) != 0) {
		free(p->vcpus);
		return error_set(e, STATUS_FAILED, ENOMEM, "calloc", "no memory for %u vCPU threads",
				 rec->config.vcpus);
	}
	for (uint32_t i = 0; i < rec->config.vcpus; i++)
		p->vcpus[i].doorbell_exits = p->vcpus[i].last_result = -1;
	limits_add("", LIMIT_CPU, 0, &p->quotas);
	return 0;
}

void phases_free(struct phases *p)
{
	sysfile_forget();
	dirty_release(&p->dirty);
	limits_free(&p->quotas);
	(void)pthread_mutex_destroy(&p->lock);
	free(p->vcpus);
}
