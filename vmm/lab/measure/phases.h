/*
 * The doorbells of a guest as measurements: where a timed phase begins and ends, what it counted, whether its result is
 * believable. Private to lab/measure, but for phases_init and its observer.
 */
#ifndef MINIVMM_LAB_MEASURE_PHASES_H
#define MINIVMM_LAB_MEASURE_PHASES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"
#include "vmm/core/machine/machine.h"
#include "vmm/host/limits.h"
#include "vmm/lab/record/record.h"
#include "vmm/util/error.h"

/* Counters of one vCPU at one moment. -1: this KVM does not count it. */
struct phase_snapshot {
	uint64_t tsc_cycles;
	int64_t stats[VCPU_STAT_COUNT];
	int64_t switches, major_faults; /* involuntary switches, and faults that waited, of the thread */
	int64_t throttled_ns;           /* of the process's control groups, by their CPU quotas */
	uint64_t ns;
};

/* Only the vCPU's own thread touches it. */
struct phase_vcpu {
	bool in_phase, seen_empty;
	bool logs_dirty; /* in a phase for which KVM logs dirty pages */
	struct phase_snapshot begin, last_empty;
	int64_t doorbell_exits;   /* what one doorbell costs in exits; -1: not known yet */
	int64_t last_result;      /* step * VARIANT_COUNT + variant of the last result, -1: none */
	struct pmu_counters *pmu; /* of the thread; NULL: not asked */
	struct act_report act;    /* of the phase at hand */
	struct vcpu_block copy;   /* of the guest's block, so that checks and use see the same bytes */
};

/*
 * KVM's dirty log while a part of the plan asks for it: on at the first vCPU's begin, off at the last one's end, and
 * the arena's pages in it counted in between.
 *
 * The count is the VM's, not a vCPU's: pages of 4 KiB that any of them wrote since the first began. Each end reads
 * and clears the log and adds it to the set of pages seen, because a page of another vCPU may come late: under PML a
 * page stays in a vCPU's own buffer until that vCPU exits (SDM vol. 3C, page-modification logging), which it does at
 * its own end at the latest. So the last end has all, and gives its count to the rows of the other vCPUs.
 *
 * Zeroed memory is a valid "off".
 */
struct dirty_log {
	uint32_t vcpus; /* in a phase that logs */
	uint64_t *seen; /* a bit for each 4 KiB page of the arena; NULL: off */
	uint64_t *slot; /* room for the log of the largest slot that holds some of the arena */
};

/*
 * What the VM costs beside its memory: KVM's page tables. Host-wide where the kernel counts no finer, so another VM that
 * starts or ends meanwhile is in the figure too.
 */
struct vm_cost {
	int64_t before_bytes; /* of SecPageTables, before there was a VM; -1: this kernel has no such line */
	int64_t part;         /* the last part of the plan that a vCPU ended */
	uint32_t ended;       /* vCPUs that ended it */
};

struct phases {
	struct record *rec;
	struct phase_vcpu *vcpus; /* rec->config.vcpus of them; owned */
	pthread_mutex_t lock;     /* of everything below and of rec, while the threads run */
	struct limits quotas;     /* of CPU time; read once */
	struct dirty_log dirty;
	struct vm_cost cost;
	struct machine_observer observer;      /* to run the machine with */
	const struct machine_observer *beside; /* its doorbell is called, too; NULL: none */
};

/*
 * Results, counts and remarks of the run will go into *rec, whose config is planned. 0, or -ENOMEM with *e set and nothing
 * to free.
 */
int phases_init(struct phases *p, struct record *rec, struct error *e);
void phases_free(struct phases *p);

/* Into the record: KVM's counts of installed leaves, where they are higher than any seen before. p->lock is held. */
void phases_keep_peak_pages(struct phases *p, const struct machine_view *view);

/* How many results the plan has for each vCPU; each round counts. Pure. */
uint32_t phases_expected_results(const struct config *config);

/*
 * Whether the result of a phase that took elapsed_cycles by the host's TSC, which runs at the guest's rate, is believable:
 * magic, version, step and workload of the plan, a part that exists, counts within what was asked, and samples that fit
 * into the time that really passed. Nothing in a block is trusted before. 0, or -EINVAL with the reason. Pure.
 */
int result_check(const struct vcpu_block *block, uint32_t vcpu, const struct config *config,
		 uint64_t elapsed_cycles, char *why, size_t why_bytes);

/* Before the VM is created. */
void cost_start(struct phases *p);

/*
 * A vCPU ended a part of the plan, p->lock held: keep the peak in rec->kvm_tables_bytes. `part` is any number that
 * differs between parts. The work (0.3 ms) is done at the last vCPU's end only: the others wait at the gate then, and none
 * of their phases is disturbed.
 */
void cost_sample(struct phases *p, int64_t part);

/* Once no vCPU runs any more, p->lock held: the last sample, and rec->kvm_page_faults. */
void cost_finish(struct phases *p, const struct machine_view *view);

/*
 * A phase of the vCPU begins, before it is timed: if the part that its block names (p->vcpus[vcpu].copy) logs dirty
 * pages, switch the log on. What the block says is only looked up in the table. Takes p->lock. 0 or -errno.
 */
int dirty_begin(struct phases *p, const struct machine_view *view, uint32_t vcpu, struct error *e);

/*
 * It ended, after its counters were read. *pages: of the arena, written since the first vCPU began; -1 where this
 * phase was not logged. Takes p->lock. 0 or -errno.
 */
int dirty_end(struct phases *p, const struct machine_view *view, uint32_t vcpu, int64_t *pages,
	      struct error *e);

/* Whether a part that is `wanted` may begin in this run. */
bool phases_may_come(const struct record *rec, bool (*wanted)(const struct workload_part *part));

/* Read what act_begin() reads, if the plan has any act, so that its files are kept (sysfile_keep). */
void act_rehearse(const struct phases *p, const struct machine_view *view);

/*
 * A phase of the vCPU begins: what its part has the host do to the working set (enum host_act) is done, which may take
 * two minutes, and told in p->vcpus[vcpu].act. What the block says, whose copy is there, is only looked up.
 */
void act_begin(struct phases *p, const struct machine_view *view, uint32_t vcpu);

/* It ended, with a result that was checked: the memory is given back whole, so that the next part finds none of it changed. */
void act_end(const struct phases *p, const struct machine_view *view, const struct guest_result *result);

/* Raise the count of the rows of that part that are in the record to `pages`. p->lock is held. */
void dirty_update_rows(struct record *rec, uint32_t step, enum workload_variant variant, int64_t pages);

/* Free what is left of a run that stopped in the middle. */
void dirty_release(struct dirty_log *log);

/* Pages of the arena in one slot. */
struct dirty_window {
	uint64_t first_page; /* in the slot */
	uint64_t at_page;    /* in the arena */
	uint64_t pages;
};

/* What of the arena lies in that slot of the map; false: nothing. Pure. */
bool dirty_window(const struct memmap *map, uint32_t slot, struct dirty_window *w);

/* Add a slot's log, bit n for its page n, to the arena's pages seen. Bits outside the window do not count. Pure. */
void dirty_merge(uint64_t *seen, const uint64_t *log, const struct dirty_window *w);

#endif
