/* From a plan to a machine that only has to be entered, and back to nothing. */
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "units.h"
#include "vmm/lab/measure/cost.h"
#include "vmm/lab/measure/dirty.h"
#include "vmm/core/machine/machine.h"
#include "vmm/util/clock.h"

static int take_ram(struct machine *m, prealloc_progress progress, struct error *e)
{
	struct record *rec = m->rec;
	struct backing_spec spec;
	int ret = backing_resolve(&rec->spec.machine, &spec, e);

	if (ret != 0)
		return ret;
	spec.bytes = memmap_host_bytes(&rec->config.map);
	spec.align_bytes = memmap_congruence_bytes(spec.bytes);
	ret = ram_acquire(rec, &spec, &m->ram, progress, e);
	if (ret != 0)
		return ret;
	rec->gpa_hva_congruent = true;
	for (uint32_t i = 0; i < memmap_slot_count(&rec->config.map); i++) {
		struct ram_range slot = memmap_slot(&rec->config.map, i);
		uint64_t hva = (uint64_t)(uintptr_t)m->ram.backing.hva + slot.offset_bytes;

		if ((hva - slot.gpa) % max_u64(spec.page_bytes, PAGE_2M) != 0)
			rec->gpa_hva_congruent = false;
	}
	return 0;
}

static int prefault(struct machine *m, struct error *e)
{
	const struct memmap *map = &m->rec->config.map;
	int ret = 0;

	if (m->rec->spec.machine.populate != POPULATE_PREFAULT)
		return 0;
	for (uint32_t i = 0; ret == 0 && i < map->range_count; i++)
		ret = kvm_vcpu_prefault(&m->tasks[0].vcpu, map->ranges[i].gpa, map->ranges[i].bytes, e);
	return ret;
}

static int prepare_tasks(struct machine *m, struct error *e)
{
	uint32_t count = m->rec->config.vcpus;

	m->tasks = calloc(count, sizeof(*m->tasks));
	if (m->tasks == NULL)
		return error_set(e, STATUS_FAILED, ENOMEM, "calloc", "no memory for %u vCPU threads", count);
	for (uint32_t i = 0; i < count; i++) {
		m->tasks[i].machine = m;
		m->tasks[i].vcpu.fd = -1;
		m->tasks[i].vcpu.stats.fd = -1;
		m->tasks[i].doorbell_exits = -1;
		m->tasks[i].last_result = -1;
	}
	m->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->wake_fd < 0)
		return error_set(e, STATUS_FAILED, errno, "eventfd", "cannot create the wake-up descriptor");
	return 0;
}

int machine_build(struct machine *m, prealloc_progress progress, struct error *e)
{
	struct timing_ns *t = &m->rec->timing;
	uint64_t start_ns = clock_ns();
	uint32_t entry_gpa = 0;
	int ret = machine_open(m, e);

	t->open = clock_ns() - start_ns;
	if (ret == 0)
		ret = take_ram(m, progress, e);
	start_ns = clock_ns();
	if (ret == 0)
		ret = machine_load(m, &entry_gpa, e);
	t->load = clock_ns() - start_ns;
	start_ns = clock_ns();
	if (ret == 0)
		ret = prepare_tasks(m, e);
	if (ret == 0) {
		cost_start(m);
		ret = machine_create_vm(m, e);
	}
	if (ret == 0)
		ret = machine_create_vcpus(m, entry_gpa, e);
	if (ret == 0)
		ret = prefault(m, e);
	t->open += clock_ns() - start_ns;
	return ret;
}

void machine_destroy(struct machine *m)
{
	for (uint32_t i = 0; m->tasks != NULL && i < m->rec->config.vcpus; i++)
		kvm_vcpu_destroy(&m->tasks[i].vcpu);
	dirty_release(&m->dirty);
	kvm_vm_destroy(&m->vm);
	if (m->port_fd >= 0)
		(void)close(m->port_fd);
	kvm_system_close(&m->sys);
	free(m->cpuid);
	ram_release(m->rec, &m->ram);
	if (m->wake_fd >= 0)
		(void)close(m->wake_fd);
	free(m->tasks);
	(void)pthread_mutex_destroy(&m->lock);
}
