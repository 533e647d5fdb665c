/* From a plan to a machine that only has to be entered, and back to nothing. */
#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "units.h"
#include "vmm/core/boot/boot.h"
#include "vmm/core/machine/internal.h"
#include "vmm/core/memory/backing.h"
#include "vmm/util/clock.h"
#include "vmm/util/process.h"
#include "vmm/util/workloads.h"

#define KVM_DEVICE "/dev/kvm"

static int check_limits(struct machine *m, struct error *e)
{
	struct config *c = m->config;
	int slots = kvm_capability(&m->sys, KVM_CAP_NR_MEMSLOTS);
	char asker[48];
	int ret;

	if (c->vcpus > m->sys.max_vcpus)
		return error_set(e, STATUS_USAGE, EINVAL, "KVM_CAP_MAX_VCPUS",
				 "--smp %u: this KVM allows %u vCPUs", c->vcpus, m->sys.max_vcpus);
	ret = limits_check_slots(c, slots > 0 ? (uint32_t)slots : 0, e);
	if (ret == 0)
		ret = limits_check_width(c, kvm_cpuid_physical_bits(m->cpuid), e);
	if (ret == 0)
		ret = limits_check_leaf(c, kvm_cpuid_has_1g_pages(m->cpuid), e);
	if (ret == 0 && c->apic)
		ret = kvm_apic_check(&m->sys, limits_apic_asker(c, asker, sizeof(asker)), e);
	if (ret == 0 && m->asked->populate == POPULATE_PREFAULT)
		ret = kvm_prefault_check(&m->sys, e);
	return ret;
}

/*
 * Only for a payload that uses it: giving a VM with such a port back takes KVM some milliseconds, as long as
 * a whole short run. What another payload uses is unknown.
 */
static bool wants_kernel_port(const struct machine *m)
{
	for (uint32_t i = 0; i < m->config->step_count; i++) {
		if ((workload_table[m->config->steps[i].workload].needs & LEAVES_BY_PORT) != 0)
			return true;
	}
	return m->asked->guest_path != NULL;
}

static int open_kvm(struct machine *m, struct error *e)
{
	int ret = kvm_system_open(KVM_DEVICE, &m->sys, e);

	if (ret != 0)
		return ret;
	m->cpuid = kvm_supported_cpuid(&m->sys, e);
	if (m->cpuid == NULL)
		return -EIO;
	kvm_cpuid_allow(m->cpuid);
	/* The tree tells the guest, so it has to be known before that is written. */
	m->config->kernel_port = wants_kernel_port(m) && kvm_capability(&m->sys, KVM_CAP_IOEVENTFD) > 0;
	return check_limits(m, e);
}

/* As much as costs KVM 40 MiB at most is taken without looking how much the host has left. */
#define UNWATCHED_BYTES (16 * GIB)

/* *watched_bytes: as far as it is known that the host has room for what KVM allocates beside the slots. */
static int watch_cost(const struct machine *m, uint64_t done_bytes, const struct ram_range *next,
		      uint64_t *watched_bytes, struct error *e)
{
	const struct memmap *map = &m->config->map;
	uint64_t rest_bytes = map->ranges[0].bytes + (map->range_count == 2 ? map->ranges[1].bytes : 0);
	int ret;

	if (done_bytes + next->bytes <= *watched_bytes)
		return 0;
	rest_bytes += map->view_count * memmap_host_bytes(map);
	rest_bytes = max_u64(rest_bytes, done_bytes + next->bytes) - done_bytes;
	/* Shadow paging takes all that was reckoned, so that it is told at once. */
	if (m->host->second_dimension != SECOND_SHADOW)
		rest_bytes = min_u64(rest_bytes, max_u64(next->bytes, UNWATCHED_BYTES));
	ret = limits_check_slots_cost(m->config, done_bytes, rest_bytes, room_to_spare(""), e);
	*watched_bytes = done_bytes + rest_bytes;
	return ret;
}

/* From this much of a host's memory on, KVM's own memory is mentioned in the notes. */
#define NOTED_BYTES (64 * MIB)

/* Elsewhere it is not known. */
static void note_cost(const struct machine *m, uint64_t slots_bytes)
{
	uint64_t cost_bytes = limits_slots_cost(slots_bytes);

	if (m->host->second_dimension == SECOND_SHADOW && cost_bytes >= NOTED_BYTES)
		note_add(m->config, "beside its tables KVM keeps %" PRIu64 " MiB about its memory slots",
			 cost_bytes / MIB);
}

static int add_slots(struct machine *m, struct error *e)
{
	const struct memmap *map = &m->config->map;
	uint32_t count = memmap_slot_count(map);
	uint64_t done_bytes = 0, watched_bytes = UNWATCHED_BYTES;
	uint64_t start_ns = clock_ns();
	double seconds;

	m->report->memory_slots = count;
	for (uint32_t i = 0; i < count; i++) {
		struct ram_range slot = memmap_slot(map, i);
		int ret = watch_cost(m, done_bytes, &slot, &watched_bytes, e);

		if (ret == 0)
			ret = kvm_vm_add_slot(&m->vm, i, slot.gpa, slot.bytes,
					      backing_at(&m->backing, slot.offset_bytes, slot.bytes), e);
		if (ret != 0)
			return ret;
		done_bytes += slot.bytes;
		if (stop_requested() != 0)
			return error_set(e, STATUS_FAILED, EINTR, "KVM_SET_USER_MEMORY_REGION",
					 "interrupted by signal %d", stop_requested());
	}
	note_cost(m, done_bytes);
	seconds = (double)(clock_ns() - start_ns) / NS_PER_S;
	if (seconds > 1)
		note_add(m->config, "KVM took %.1f s to take %u memory slots", seconds, count);
	return 0;
}

/* The eventfd is never read: only KVM's work at each write is wanted. */
static int serve_kernel_port(struct machine *m, struct error *e)
{
	if (!m->config->kernel_port)
		return 0;
	m->port_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->port_fd < 0)
		return error_set(e, STATUS_FAILED, errno, "eventfd", "cannot create the port's descriptor");
	return kvm_vm_serve_port(&m->vm, PORT_KERNEL, m->port_fd, e);
}

static int create_vm(struct machine *m, struct error *e)
{
	int ret = kvm_vm_create(&m->sys, &m->vm, e);

	if (ret == 0 && m->config->apic)
		ret = kvm_vm_add_apic(&m->sys, &m->vm, e);
	if (ret == 0)
		ret = add_slots(m, e);
	/* After the slots: the first of them would wait milliseconds for what this leaves to KVM's lazy freeing. */
	if (ret == 0)
		ret = serve_kernel_port(m, e);
	return ret;
}

static int set_registers(const struct kvm_vcpu *vcpu, uint32_t entry_gpa, struct error *e)
{
	struct kvm_regs regs;
	struct kvm_sregs sregs;

	if (ioctl(vcpu->fd, KVM_GET_SREGS, &sregs) != 0)
		return error_set(e, STATUS_FAILED, errno, "KVM_GET_SREGS", "vCPU %u", vcpu->index);
	start_registers(entry_gpa, &regs, &sregs);
	if (ioctl(vcpu->fd, KVM_SET_SREGS, &sregs) != 0)
		return error_set(e, STATUS_FAILED, errno, "KVM_SET_SREGS", "vCPU %u", vcpu->index);
	if (ioctl(vcpu->fd, KVM_SET_REGS, &regs) != 0)
		return error_set(e, STATUS_FAILED, errno, "KVM_SET_REGS", "vCPU %u", vcpu->index);
	return 0;
}

static int create_vcpu(struct machine *m, uint32_t index, uint32_t entry_gpa, struct error *e)
{
	struct kvm_vcpu *vcpu = &m->vcpus[index];
	int ret = kvm_vcpu_create(&m->sys, &m->vm, index, m->config->vcpus, m->cpuid, vcpu, e);

	if (ret == 0)
		ret = set_registers(vcpu, entry_gpa, e);
	if (ret == 0 && m->config->apic)
		ret = kvm_vcpu_make_runnable(vcpu, e);
	return ret;
}

static int create_vcpus(struct machine *m, uint32_t entry_gpa, struct error *e)
{
	int ret = 0;

	facts_limit_levels(m->host, kvm_cpuid_physical_bits(m->cpuid));
	if (!m->config->apic)
		kvm_cpuid_drop_x2apic(m->cpuid);
	for (uint32_t i = 0; ret == 0 && i < m->config->vcpus; i++)
		ret = create_vcpu(m, i, entry_gpa, e);
	if (ret != 0)
		return ret;
	m->host->tsc_khz = kvm_vcpu_tsc_khz(&m->vcpus[0]);
	if (m->host->tsc_khz == 0)
		m->host->tsc_khz = facts_tsc_khz();
	m->view.tsc_khz = m->host->tsc_khz;
	return 0;
}

static int map_ram(struct machine *m, struct error *e)
{
	struct backing_spec spec;
	int ret = backing_resolve(m->asked, &spec, e);

	if (ret != 0)
		return ret;
	spec.bytes = memmap_host_bytes(&m->config->map);
	spec.align_bytes = memmap_congruence_bytes(spec.bytes);
	ret = ram_acquire(m->asked, &spec, m->observer->progress, &m->backing, m->report, e);
	if (ret != 0)
		return ret;
	m->report->gpa_hva_congruent = true;
	/* A view is apart from the rule on purpose. */
	for (uint32_t i = 0; i < memmap_slot_count(&m->config->map) - m->config->map.view_count; i++) {
		struct ram_range slot = memmap_slot(&m->config->map, i);
		uint64_t hva = (uint64_t)(uintptr_t)m->backing.hva + slot.offset_bytes;

		if ((hva - slot.gpa) % max_u64(spec.page_bytes, PAGE_2M) != 0)
			m->report->gpa_hva_congruent = false;
	}
	return 0;
}

/* Slot by slot: those of views show the same memory, but have leaves of their own. */
static int prefault(struct machine *m, struct error *e)
{
	const struct memmap *map = &m->config->map;
	int ret = 0;

	if (m->asked->populate != POPULATE_PREFAULT)
		return 0;
	for (uint32_t i = 0; ret == 0 && i < memmap_slot_count(map); i++) {
		struct ram_range slot = memmap_slot(map, i);

		ret = kvm_vcpu_prefault(&m->vcpus[0], slot.gpa, slot.bytes, e);
	}
	return ret;
}

static int prepare_tasks(struct machine *m, struct error *e)
{
	uint32_t count = m->config->vcpus;

	m->vcpus = calloc(count, sizeof(*m->vcpus));
	m->tasks = calloc(count, sizeof(*m->tasks));
	if (m->vcpus == NULL || m->tasks == NULL)
		return error_set(e, STATUS_FAILED, ENOMEM, "calloc", "no memory for %u vCPU threads", count);
	for (uint32_t i = 0; i < count; i++) {
		m->vcpus[i].fd = m->vcpus[i].stats.fd = -1;
		m->tasks[i].machine = m;
		m->tasks[i].vcpu = &m->vcpus[i];
	}
	m->view = (struct machine_view){
		.config = m->config,
		.vm = &m->vm,
		.vcpus = m->vcpus,
		.backing = &m->backing,
		.cpuid = m->cpuid,
		.machine = m,
	};
	m->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->wake_fd < 0)
		return error_set(e, STATUS_FAILED, errno, "eventfd", "cannot create the wake-up descriptor");
	return 0;
}

int machine_build(struct machine *m, struct error *e)
{
	struct timing_ns *t = &m->report->timing;
	uint64_t start_ns = clock_ns();
	uint32_t entry_gpa = 0;
	int ret = open_kvm(m, e);

	t->open = clock_ns() - start_ns;
	if (ret == 0)
		ret = map_ram(m, e);
	start_ns = clock_ns();
	if (ret == 0)
		ret = machine_load(m, &entry_gpa, e);
	t->load = clock_ns() - start_ns;
	start_ns = clock_ns();
	if (ret == 0)
		ret = prepare_tasks(m, e);
	if (ret == 0) {
		if (m->observer->loaded != NULL)
			m->observer->loaded(m->observer->self, &m->view);
		ret = create_vm(m, e);
	}
	if (ret == 0)
		ret = create_vcpus(m, entry_gpa, e);
	if (ret == 0)
		ret = prefault(m, e);
	t->open += clock_ns() - start_ns;
	return ret;
}

void machine_destroy(struct machine *m)
{
	for (uint32_t i = 0; m->vcpus != NULL && i < m->config->vcpus; i++)
		kvm_vcpu_destroy(&m->vcpus[i]);
	kvm_vm_destroy(&m->vm);
	if (m->port_fd >= 0)
		(void)close(m->port_fd);
	kvm_system_close(&m->sys);
	free(m->cpuid);
	ram_release(&m->backing, m->report);
	if (m->wake_fd >= 0)
		(void)close(m->wake_fd);
	free(m->tasks);
	free(m->vcpus);
	sandbox_free(&m->sandbox);
	(void)pthread_cond_destroy(&m->gate);
	(void)pthread_mutex_destroy(&m->lock);
}
