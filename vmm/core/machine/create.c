/* The virtual machine itself: its slots, the port that KVM serves, its vCPUs at their first instruction. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include "units.h"
#include "vmm/core/boot/start.h"
#include "vmm/core/kvm/apic.h"
#include "vmm/core/machine/note.h"
#include "vmm/core/memory/room.h"
#include "vmm/lab/measure/limits.h"
#include "vmm/core/machine/machine.h"
#include "vmm/util/clock.h"
#include "vmm/util/stop.h"

#define NS_PER_S 1e9

/* As much as costs KVM 40 MiB at most is taken without looking how much the host has left. */
#define UNWATCHED_BYTES (16 * GIB)

/* *watched_bytes: as far as it is known that the host has room for what KVM allocates beside the slots. */
static int watch_cost(const struct machine *m, uint64_t done_bytes, const struct ram_range *next,
		      uint64_t *watched_bytes, struct error *e)
{
	const struct memmap *map = &m->rec->config.map;
	uint64_t all_bytes = map->ranges[0].bytes + (map->range_count == 2 ? map->ranges[1].bytes : 0);
	uint64_t rest_bytes = all_bytes - done_bytes;
	int ret;

	if (done_bytes + next->bytes <= *watched_bytes)
		return 0;
	/* Shadow paging takes all that was reckoned, so that it is told at once. */
	if (m->rec->host.second_dimension != SECOND_SHADOW)
		rest_bytes = min_u64(rest_bytes, max_u64(next->bytes, UNWATCHED_BYTES));
	ret = limits_check_slots_cost(&m->rec->config, done_bytes, rest_bytes, room_to_spare(""), e);
	*watched_bytes = done_bytes + rest_bytes;
	return ret;
}

/* What is worth a remark, of a host's memory. */
#define NOTED_BYTES (64 * MIB)

/* Elsewhere it is not known. */
static void note_cost(const struct machine *m, uint64_t slots_bytes)
{
	uint64_t cost_bytes = limits_slots_cost(slots_bytes);

	if (m->rec->host.second_dimension == SECOND_SHADOW && cost_bytes >= NOTED_BYTES)
		note_add(&m->rec->config,
			 "beside its tables KVM keeps %" PRIu64 " MiB about its memory slots",
			 cost_bytes / MIB);
}

static int add_slots(struct machine *m, struct error *e)
{
	const struct memmap *map = &m->rec->config.map;
	uint32_t count = memmap_slot_count(map);
	uint64_t done_bytes = 0, watched_bytes = UNWATCHED_BYTES;
	uint64_t start_ns = clock_ns();
	double seconds;

	m->rec->memory_slots = count;
	for (uint32_t i = 0; i < count; i++) {
		struct ram_range slot = memmap_slot(map, i);
		int ret = watch_cost(m, done_bytes, &slot, &watched_bytes, e);

		if (ret == 0)
			ret = kvm_vm_add_slot(&m->vm, i, slot.gpa, slot.bytes,
					      backing_at(&m->ram.backing, slot.offset_bytes, slot.bytes), e);
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
		note_add(&m->rec->config, "KVM took %.1f s to take %u memory slots", seconds, count);
	return 0;
}

/* Nobody reads the eventfd: what KVM does with a write is all that is wanted of it. */
static int serve_kernel_port(struct machine *m, struct error *e)
{
	if (!m->rec->config.kernel_port)
		return 0;
	m->port_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->port_fd < 0)
		return error_set(e, STATUS_FAILED, errno, "eventfd", "cannot create the port's descriptor");
	return kvm_vm_serve_port(&m->vm, PORT_KERNEL, m->port_fd, e);
}

int machine_create_vm(struct machine *m, struct error *e)
{
	int ret = kvm_vm_create(&m->sys, &m->vm, e);

	if (ret == 0 && m->rec->config.apic)
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
	struct kvm_vcpu *vcpu = &m->tasks[index].vcpu;
	int ret = kvm_vcpu_create(&m->sys, &m->vm, index, m->rec->config.vcpus, m->cpuid, vcpu, e);

	if (ret == 0)
		ret = set_registers(vcpu, entry_gpa, e);
	if (ret == 0 && m->rec->config.apic)
		ret = kvm_vcpu_make_runnable(vcpu, e);
	return ret;
}

int machine_create_vcpus(struct machine *m, uint32_t entry_gpa, struct error *e)
{
	int ret = 0;

	facts_settle_levels(&m->rec->host, kvm_cpuid_physical_bits(m->cpuid));
	if (!m->rec->config.apic)
		kvm_cpuid_drop_x2apic(m->cpuid);
	for (uint32_t i = 0; ret == 0 && i < m->rec->config.vcpus; i++)
		ret = create_vcpu(m, i, entry_gpa, e);
	if (ret != 0)
		return ret;
	m->tsc_khz = kvm_vcpu_tsc_khz(&m->tasks[0].vcpu);
	if (m->tsc_khz == 0)
		m->tsc_khz = facts_tsc_khz();
	m->rec->host.tsc_khz = m->tsc_khz;
	return 0;
}
