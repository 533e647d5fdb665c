#include "vmm/lab/measure/dirty.h"

#include <errno.h>
#include <stdlib.h>

#include "driver.h"
#include "units.h"
#include "vmm/core/machine/machine.h"

static uint64_t words_of(uint64_t bytes)
{
	return (bytes / PAGE_4K + 63) / 64;
}

static int set_slots(struct machine *m, bool on, struct error *e)
{
	const struct memmap *map = &m->rec->config.map;
	int ret = 0;

	for (uint32_t i = 0; ret == 0 && i < memmap_slot_count(map); i++) {
		struct ram_range slot = memmap_slot(map, i);
		struct dirty_window w;

		if (dirty_window(map, i, &w))
			ret = kvm_vm_log_slot(&m->vm, i, slot.gpa, slot.bytes,
					      backing_at(&m->ram.backing, slot.offset_bytes, slot.bytes), on,
					      e);
	}
	return ret;
}

static int switch_on(struct machine *m, struct error *e)
{
	const struct memmap *map = &m->rec->config.map;
	uint64_t slot_words = 1;

	for (uint32_t i = 0; i < memmap_slot_count(map); i++) {
		struct dirty_window w;

		if (dirty_window(map, i, &w))
			slot_words = max_u64(slot_words, words_of(memmap_slot(map, i).bytes));
	}
	dirty_release(&m->dirty);
	m->dirty.seen = calloc(words_of(map->arena_bytes), sizeof(uint64_t));
	m->dirty.slot = calloc(slot_words, sizeof(uint64_t));
	if (m->dirty.seen == NULL || m->dirty.slot == NULL)
		return error_set(e, STATUS_FAILED, ENOMEM, "calloc", "no memory for the dirty log");
	return set_slots(m, true, e);
}

static int read_log(struct machine *m, int64_t *pages, struct error *e)
{
	const struct memmap *map = &m->rec->config.map;
	int64_t count = 0;

	for (uint32_t i = 0; i < memmap_slot_count(map); i++) {
		struct dirty_window w;
		int ret;

		if (!dirty_window(map, i, &w))
			continue;
		ret = kvm_vm_read_log(&m->vm, i, m->dirty.slot, e);
		if (ret != 0)
			return ret;
		dirty_merge(m->dirty.seen, m->dirty.slot, &w);
	}
	for (uint64_t i = 0; i < words_of(map->arena_bytes); i++)
		count += __builtin_popcountll(m->dirty.seen[i]);
	*pages = count;
	return 0;
}

/* The task's vCPU no longer logs; nobody does after the last. */
static int leave(struct vcpu_task *task, struct error *e)
{
	struct machine *m = task->machine;
	int ret = 0;

	task->logs_dirty = false;
	if (--m->dirty.vcpus == 0) {
		ret = set_slots(m, false, e);
		dirty_release(&m->dirty);
	}
	return ret;
}

int dirty_begin(struct vcpu_task *task, struct error *e)
{
	struct machine *m = task->machine;
	const struct vcpu_block *block = machine_claim(
		m, VCPU_BLOCKS_GPA + (uint64_t)task->vcpu.index * VCPU_BLOCK_BYTES, sizeof(*block), e);
	const struct workload_part *part;
	int ret = 0;

	if (block == NULL)
		return -EFAULT;
	part = driver_part(__atomic_load_n(&block->result.workload, __ATOMIC_RELAXED),
			   __atomic_load_n(&block->result.variant, __ATOMIC_RELAXED));
	if (!task->logs_dirty && (part == NULL || !part->dirty_log))
		return 0;
	pthread_mutex_lock(&m->lock);
	/* A begin after a begin: the phase before has no end and no count. */
	if (task->logs_dirty)
		ret = leave(task, e);
	if (ret == 0 && part != NULL && part->dirty_log) {
		if (m->dirty.vcpus == 0)
			ret = switch_on(m, e);
		m->dirty.vcpus++;
		task->logs_dirty = true;
	}
	pthread_mutex_unlock(&m->lock);
	return ret;
}

int dirty_end(struct vcpu_task *task, int64_t *pages, struct error *e)
{
	struct machine *m = task->machine;
	int ret, left;

	*pages = -1;
	if (!task->logs_dirty)
		return 0;
	pthread_mutex_lock(&m->lock);
	ret = read_log(m, pages, e);
	left = leave(task, e);
	pthread_mutex_unlock(&m->lock);
	return ret != 0 ? ret : left;
}

void dirty_tell_rows(struct record *rec, uint32_t step, enum workload_variant variant, int64_t pages)
{
	for (uint32_t i = rec->result_count; pages >= 0 && i > 0; i--) {
		struct result *r = &rec->results[i - 1];

		/* Rows come in the order of the plan but for vCPUs that are a part apart. */
		if (r->step + 1 < step)
			return;
		if (r->step == step && r->variant == variant && r->dirty_pages >= 0 && r->dirty_pages < pages)
			r->dirty_pages = pages;
	}
}

void dirty_release(struct dirty_log *log)
{
	free(log->seen);
	free(log->slot);
	log->seen = log->slot = NULL;
}
