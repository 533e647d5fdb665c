/*
 * KVM's dirty log while a part of the plan asks for it: on at the first vCPU's begin, off at the last one's end, and
 * the arena's pages in it counted in between. Internal to run/.
 *
 * The count is the VM's, not a vCPU's: pages of 4 KiB that any of them wrote since the first began. Each end reads
 * and clears the log and adds it to the set of pages seen, because a page of another vCPU may come late: under PML a
 * page stays in a vCPU's own buffer until that vCPU exits (SDM vol. 3C, page-modification logging), which it does at
 * its own end at the latest. So the last end has all, and gives its count to the rows of the other vCPUs.
 */
#ifndef MINIVMM_LAB_MEASURE_DIRTY_H
#define MINIVMM_LAB_MEASURE_DIRTY_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/core/machine/memmap.h"
#include "vmm/lab/record/record.h"
#include "vmm/util/error.h"

struct vcpu_task;

/* m->lock is held for all of it. Zeroed memory is a valid "off". */
struct dirty_log {
	uint32_t vcpus; /* in a phase that logs */
	uint64_t *seen; /* a bit for each 4 KiB page of the arena; NULL: off */
	uint64_t *slot; /* room for the log of the largest slot that holds some of the arena */
};

/*
 * A phase of the task's vCPU begins, before it is timed: if the part that its block names logs dirty pages, see to
 * it. What the block says is only looked up in the table. Takes m->lock. 0 or -errno.
 */
int dirty_begin(struct vcpu_task *task, struct error *e);

/*
 * It ended, after its counters were read. *pages: of the arena, written since the first vCPU began; -1 where this
 * phase was not logged. Takes m->lock. 0 or -errno.
 */
int dirty_end(struct vcpu_task *task, int64_t *pages, struct error *e);

/* The rows of that part that were there before: no fewer pages than the last. m->lock is held. */
void dirty_tell_rows(struct record *rec, uint32_t step, enum workload_variant variant, int64_t pages);

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
