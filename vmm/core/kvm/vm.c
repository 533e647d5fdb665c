#include "vmm/core/kvm/vm.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "units.h"

/*
 * Where Intel hosts without "unrestricted guest" keep the TSS (3 pages) and the identity map (1 page) with which
 * they run real and unpaged mode (api.rst, KVM_SET_TSS_ADDR). Inside the hole below 4 GiB, out of RAM's way.
 */
#define IDENTITY_MAP_GPA UINT64_C(0xfffbc000)
#define TSS_GPA UINT64_C(0xfffbd000)

static int set_intel_helpers(int fd, struct error *e)
{
	uint64_t identity_map_gpa = IDENTITY_MAP_GPA;

	if (kvm_check_extension(fd, KVM_CAP_SET_IDENTITY_MAP_ADDR) > 0 &&
	    ioctl(fd, KVM_SET_IDENTITY_MAP_ADDR, &identity_map_gpa) != 0)
		return error_set(e, STATUS_FAILED, errno, "KVM_SET_IDENTITY_MAP_ADDR", "KVM refused 0x%llx",
				 (unsigned long long)identity_map_gpa);
	if (ioctl(fd, KVM_SET_TSS_ADDR, TSS_GPA) != 0)
		return error_set(e, STATUS_FAILED, errno, "KVM_SET_TSS_ADDR", "KVM refused 0x%llx",
				 (unsigned long long)TSS_GPA);
	return 0;
}

/*
 * What a VM is to be like, before its first vCPU (api.rst). Where KVM does not allow one of them, what it would forbid is
 * still counted and told, so failure is not an error.
 */
static const struct {
	uint32_t capability;
	uint32_t wanted; /* a bit of what KVM_CHECK_EXTENSION answers, and the argument */
} manners[] = {
	/*
	 * A spinning vCPU stays in the guest. Else AMD's pause filter, which counts in ring 3 too, takes it out of the gates
	 * around a timed part, and those exits look like the workload's.
	 */
	{ KVM_CAP_X86_DISABLE_EXITS, KVM_X86_DISABLE_EXITS_PAUSE },
	/* AMD's legacy counters need no CPUID bit, so that the guest's CPUID alone does not take them away. */
	{ KVM_CAP_PMU_CAPABILITY, KVM_PMU_CAP_DISABLE },
};

static void set_manners(int fd)
{
	for (size_t i = 0; i < COUNT_OF(manners); i++) {
		struct kvm_enable_cap cap = { .cap = manners[i].capability, .args = { manners[i].wanted } };
		int allowed = kvm_check_extension(fd, manners[i].capability);

		if (allowed > 0 && ((uint32_t)allowed & manners[i].wanted) != 0)
			(void)ioctl(fd, KVM_ENABLE_CAP, &cap);
	}
}

/*
 * The MSRs that a guest may use; any other is a #GP there (api.rst, KVM_X86_SET_MSR_FILTER, Linux 5.10). Those of an x2APIC
 * are not filtered. Whom KVM lets use one without an exit, it still does.
 */
static const struct {
	uint32_t first, count;
} allowed_msrs[] = {
	{ 0x10, 1 },       /* the time-stamp counter */
	{ 0x1b, 1 },       /* where the APIC is */
	{ 0x174, 3 },      /* SYSENTER */
	{ 0x277, 1 },      /* PAT */
	{ 0xc0000080, 5 }, /* EFER, SYSCALL */
	{ 0xc0000100, 4 }, /* bases of FS and GS, the number that RDTSCP gives */
};

_Static_assert(COUNT_OF(allowed_msrs) <= KVM_MSR_FILTER_MAX_RANGES, "KVM takes them");

static void filter_msrs(int fd)
{
	struct kvm_msr_filter filter = { .flags = KVM_MSR_FILTER_DEFAULT_DENY };
	uint8_t all = 0xff;

	for (size_t i = 0; i < COUNT_OF(allowed_msrs); i++)
		filter.ranges[i] = (struct kvm_msr_filter_range){
			.flags = KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE,
			.base = allowed_msrs[i].first,
			.nmsrs = allowed_msrs[i].count,
			.bitmap = &all,
		};
	(void)ioctl(fd, KVM_X86_SET_MSR_FILTER, &filter);
}

int kvm_vm_create(const struct kvm_system *sys, struct kvm_vm *vm, struct error *e)
{
	int ret = 0;

	*vm = (struct kvm_vm){ .fd = -1, .stats = { .fd = -1, .count = VM_STAT_COUNT } };
	do {
		vm->fd = ioctl(sys->fd, KVM_CREATE_VM, 0UL);
	} while (vm->fd < 0 && errno == EINTR);
	if (vm->fd < 0)
		return error_set(e, STATUS_FAILED, errno, "KVM_CREATE_VM", "KVM cannot create a VM");
	set_manners(vm->fd);
	filter_msrs(vm->fd);
	if (sys->has_tss_addr)
		ret = set_intel_helpers(vm->fd, e);
	if (ret == 0 && sys->can_read_stats)
		ret = vm_stats_open(vm->fd, &vm->stats, e);
	if (ret != 0)
		kvm_vm_destroy(vm);
	return ret;
}

void kvm_vm_destroy(struct kvm_vm *vm)
{
	stats_close(&vm->stats);
	if (vm->fd >= 0)
		(void)close(vm->fd);
	vm->fd = -1;
}

static int set_slot(const struct kvm_vm *vm, uint32_t slot, uint64_t gpa, uint64_t bytes, void *hva,
		    uint32_t flags, struct error *e)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.flags = flags,
		.guest_phys_addr = gpa,
		.memory_size = bytes,
		.userspace_addr = (uint64_t)(uintptr_t)hva,
	};

	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region) != 0)
		return error_set(e, STATUS_FAILED, errno, "KVM_SET_USER_MEMORY_REGION",
				 "slot %u: KVM refused %llu bytes at GPA 0x%llx%s", slot,
				 (unsigned long long)bytes, (unsigned long long)gpa,
				 flags & KVM_MEM_LOG_DIRTY_PAGES ? " with a dirty log" : "");
	return 0;
}

int kvm_vm_add_slot(const struct kvm_vm *vm, uint32_t slot, uint64_t gpa, uint64_t bytes, void *hva,
		    struct error *e)
{
	return set_slot(vm, slot, gpa, bytes, hva, 0, e);
}

int kvm_vm_log_slot(const struct kvm_vm *vm, uint32_t slot, uint64_t gpa, uint64_t bytes, void *hva, bool on,
		    struct error *e)
{
	return set_slot(vm, slot, gpa, bytes, hva, on ? KVM_MEM_LOG_DIRTY_PAGES : 0, e);
}

int kvm_vm_read_log(const struct kvm_vm *vm, uint32_t slot, uint64_t *bits, struct error *e)
{
	struct kvm_dirty_log log = { .slot = slot, .dirty_bitmap = bits };

	if (ioctl(vm->fd, KVM_GET_DIRTY_LOG, &log) != 0)
		return error_set(e, STATUS_FAILED, errno, "KVM_GET_DIRTY_LOG", "slot %u: KVM keeps its log",
				 slot);
	return 0;
}

int kvm_vm_serve_port(const struct kvm_vm *vm, uint16_t port, int event_fd, struct error *e)
{
	struct kvm_ioeventfd served = {
		.addr = port, .len = 4, .fd = event_fd, .flags = KVM_IOEVENTFD_FLAG_PIO
	};

	if (ioctl(vm->fd, KVM_IOEVENTFD, &served) != 0)
		return error_set(e, STATUS_FAILED, errno, "KVM_IOEVENTFD", "KVM does not serve port 0x%x",
				 port);
	return 0;
}

int kvm_apic_check(const struct kvm_system *sys, const char *asker, struct error *e)
{
	if (kvm_capability(sys, KVM_CAP_IRQCHIP) > 0)
		return 0;
	(void)error_set(e, STATUS_CANNOT, ENOTSUP, "KVM_CAP_IRQCHIP",
			"this KVM has no APIC of its own, which %s needs", asker);
	return error_hint(e, "leave %s out", asker);
}

int kvm_vm_add_apic(const struct kvm_system *sys, const struct kvm_vm *vm, struct error *e)
{
	/* args[0]: routes kept for an I/O APIC in user space. There is none. */
	struct kvm_enable_cap split = { .cap = KVM_CAP_SPLIT_IRQCHIP, .args = { 0 } };

	if (kvm_capability(sys, KVM_CAP_SPLIT_IRQCHIP) > 0) {
		if (ioctl(vm->fd, KVM_ENABLE_CAP, &split) != 0)
			return error_set(e, STATUS_FAILED, errno, "KVM_CAP_SPLIT_IRQCHIP",
					 "KVM gives the VM no local APICs");
		return 0;
	}
	if (ioctl(vm->fd, KVM_CREATE_IRQCHIP, 0) != 0)
		return error_set(e, STATUS_FAILED, errno, "KVM_CREATE_IRQCHIP",
				 "KVM gives the VM no interrupt controllers");
	return 0;
}
