/* The dirty log of the parts that ask for one, and which of its bits are pages of the arena. */
#include "vmm/lab/measure/phases.h"

#include <errno.h>
#include <stdlib.h>

#include "driver.h"
#include "units.h"

static uint64_t words_of(uint64_t bytes)
{
	return (bytes / PAGE_4K + 63) / 64;
}

static int set_slots(const struct machine_view *view, bool on, struct error *e)
{
	const struct memmap *map = &view->config->map;
	int ret = 0;

	for (uint32_t i = 0; ret == 0 && i < memmap_slot_count(map); i++) {
		struct ram_range slot = memmap_slot(map, i);
		struct dirty_window w;

		if (dirty_window(map, i, &w))
			ret = kvm_vm_log_slot(view->vm, i, slot.gpa, slot.bytes,
					      backing_at(view->backing, slot.offset_bytes, slot.bytes), on,
					      e);
	}
	return ret;
}

static int switch_on(struct phases *p, const struct machine_view *view, struct error *e)
{
	const struct memmap *map = &view->config->map;
	uint64_t slot_words = 1;

	for (uint32_t i = 0; i < memmap_slot_count(map); i++) {
		struct dirty_window w;

		if (dirty_window(map, i, &w))
			slot_words = max_u64(slot_words, words_of(memmap_slot(map, i).bytes));
	}
	dirty_release(&p->dirty);
	p->dirty.seen = calloc(words_of(map->arena_bytes), sizeof(uint64_t));
	p->dirty.slot = calloc(slot_words, sizeof(uint64_t));
	if (p->dirty.seen == NULL || p->dirty.slot == NULL)
		return error_set(e, STATUS_FAILED, ENOMEM, "calloc", "no memory for the dirty log");
	return set_slots(view, true, e);
}

static int read_log(struct phases *p, const struct machine_view *view, int64_t *pages, struct error *e)
{
	const struct memmap *map = &view->config->map;
	int64_t count = 0;

	for (uint32_t i = 0; i < memmap_slot_count(map); i++) {
		struct dirty_window w;
		int ret;

		if (!dirty_window(map, i, &w))
			continue;
		ret = kvm_vm_read_log(view->vm, i, p->dirty.slot, e);
		if (ret != 0)
			return ret;
		dirty_merge(p->dirty.seen, p->dirty.slot, &w);
	}
	for (uint64_t i = 0; i < words_of(map->arena_bytes); i++)
		count += __builtin_popcountll(p->dirty.seen[i]);
	*pages = count;
	return 0;
}

/* The vCPU no longer logs. After the last one, logging ends. */
static int leave(struct phases *p, const struct machine_view *view, uint32_t vcpu, struct error *e)
{
	int ret = 0;

	p->vcpus[vcpu].logs_dirty = false;
	if (--p->dirty.vcpus == 0) {
		ret = set_slots(view, false, e);
		dirty_release(&p->dirty);
	}
	return ret;
}

int dirty_begin(struct phases *p, const struct machine_view *view, uint32_t vcpu, struct error *e)
{
	struct phase_vcpu *self = &p->vcpus[vcpu];
	const struct guest_result *next = &self->copy.result;
	const struct workload_part *part = driver_part(next->workload, next->variant);
	int ret = 0;

	if (!self->logs_dirty && (part == NULL || !part->dirty_log))
		return 0;
	pthread_mutex_lock(&p->lock);
	/* A begin after a begin: the phase before has no end and no count. */
	if (self->logs_dirty)
		ret = leave(p, view, vcpu, e);
	if (ret == 0 && part != NULL && part->dirty_log) {
		if (p->dirty.vcpus == 0)
			ret = switch_on(p, view, e);
		p->dirty.vcpus++;
		self->logs_dirty = true;
	}
	pthread_mutex_unlock(&p->lock);
	return ret;
}

int dirty_end(struct phases *p, const struct machine_view *view, uint32_t vcpu, int64_t *pages,
	      struct error *e)
{
	int ret, left;

	*pages = -1;
	if (!p->vcpus[vcpu].logs_dirty)
		return 0;
	pthread_mutex_lock(&p->lock);
	ret = read_log(p, view, pages, e);
	left = leave(p, view, vcpu, e);
	pthread_mutex_unlock(&p->lock);
	return ret != 0 ? ret : left;
}

void dirty_update_rows(struct record *rec, uint32_t step, enum workload_variant variant, int64_t pages)
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

bool dirty_window(const struct memmap *map, uint32_t slot, struct dirty_window *w)
{
	struct ram_range range = memmap_slot(map, slot);
	uint64_t start_gpa = max_u64(range.gpa, map->arena_gpa);
	uint64_t end_gpa = min_u64(range.gpa + range.bytes, map->arena_gpa + map->arena_bytes);

	if (start_gpa >= end_gpa)
		return false;
	*w = (struct dirty_window){
		.first_page = (start_gpa - range.gpa) / PAGE_4K,
		.at_page = (start_gpa - map->arena_gpa) / PAGE_4K,
		.pages = (end_gpa - start_gpa) / PAGE_4K,
	};
	return true;
}

void dirty_merge(uint64_t *seen, const uint64_t *log, const struct dirty_window *w)
{
	uint64_t end_page = w->first_page + w->pages;

	for (uint64_t word = w->first_page / 64; word * 64 < end_page; word++) {
		for (uint64_t bits = log[word]; bits != 0; bits &= bits - 1) {
			uint64_t page = word * 64 + (uint64_t)__builtin_ctzll(bits);

			if (page >= w->first_page && page < end_page) {
				uint64_t at = w->at_page + page - w->first_page;

				seen[at / 64] |= UINT64_C(1) << at % 64;
			}
		}
	}
}
