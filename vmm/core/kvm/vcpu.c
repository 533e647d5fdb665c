#include "vmm/core/kvm/vcpu.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm/core/kvm/system.h"
#include "vmm/util/process.h"

/* As in Linux 6.10's <linux/kvm.h>; Debian 12's headers are older. */
struct prefault_range {
	uint64_t gpa;
	uint64_t bytes;
	uint64_t flags;
	uint64_t padding[5];
};
#define MINIVMM_PRE_FAULT_MEMORY _IOWR(KVMIO, 0xd5, struct prefault_range)

static int set_cpuid(int fd, uint32_t index, uint32_t count, struct kvm_cpuid2 *cpuid, struct error *e)
{
	kvm_cpuid_identify(cpuid, index, count);
	if (ioctl(fd, KVM_SET_CPUID2, cpuid) != 0)
		return error_set(e, STATUS_FAILED, errno, "KVM_SET_CPUID2", "vCPU %u: KVM refused its CPUID",
				 index);
	return 0;
}

/*
 * KVM's hypercalls fail, as CPUID says there are none (api.rst, KVM_CAP_ENFORCE_PV_FEATURE_CPUID, Linux 5.10). An older KVM
 * answers them; nothing of ours makes one.
 */
static void forbid_hypercalls(int fd)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_ENFORCE_PV_FEATURE_CPUID, .args = { 1 } };

	(void)ioctl(fd, KVM_ENABLE_CAP, &cap);
}

static int map_run_area(struct kvm_vcpu *vcpu, struct error *e)
{
	void *area = mmap(NULL, vcpu->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);

	if (area == MAP_FAILED)
		return error_set(e, STATUS_FAILED, errno, "mmap of the vCPU", "vCPU %u: no run area",
				 vcpu->index);
	vcpu->run = area;
	return 0;
}

int kvm_vcpu_create(const struct kvm_system *sys, const struct kvm_vm *vm, uint32_t index, uint32_t count,
		    struct kvm_cpuid2 *cpuid, struct kvm_vcpu *vcpu, struct error *e)
{
	int ret;

	*vcpu = (struct kvm_vcpu){ .index = index,
				   .run_bytes = sys->run_bytes,
				   .stats = { .fd = -1, .count = VCPU_STAT_COUNT } };
	vcpu->fd = ioctl(vm->fd, KVM_CREATE_VCPU, (unsigned long)index);
	if (vcpu->fd < 0)
		return error_set(e, STATUS_FAILED, errno, "KVM_CREATE_VCPU",
				 "KVM cannot create vCPU %u of %u", index, count);
	ret = map_run_area(vcpu, e);
	if (ret == 0)
		ret = set_cpuid(vcpu->fd, index, count, cpuid, e);
	forbid_hypercalls(vcpu->fd);
	if (ret == 0 && sys->can_read_stats)
		ret = vcpu_stats_open(vcpu->fd, &vcpu->stats, e);
	if (ret != 0)
		kvm_vcpu_destroy(vcpu);
	return ret;
}

void kvm_vcpu_destroy(struct kvm_vcpu *vcpu)
{
	stats_close(&vcpu->stats);
	if (vcpu->run != NULL)
		(void)munmap(vcpu->run, vcpu->run_bytes);
	vcpu->run = NULL;
	if (vcpu->fd >= 0)
		(void)close(vcpu->fd);
	vcpu->fd = -1;
}

int kvm_vcpu_make_runnable(const struct kvm_vcpu *vcpu, struct error *e)
{
	struct kvm_mp_state state = { .mp_state = KVM_MP_STATE_RUNNABLE };

	if (ioctl(vcpu->fd, KVM_SET_MP_STATE, &state) != 0)
		return error_set(e, STATUS_FAILED, errno, "KVM_SET_MP_STATE", "vCPU %u does not start",
				 vcpu->index);
	return 0;
}

int kvm_vcpu_run(struct kvm_vcpu *vcpu)
{
	return ioctl(vcpu->fd, KVM_RUN, 0) < 0 ? -errno : 0;
}

uint64_t kvm_vcpu_tsc_khz(const struct kvm_vcpu *vcpu)
{
	int khz = ioctl(vcpu->fd, KVM_GET_TSC_KHZ, 0);

	return khz > 0 ? (uint64_t)khz : 0;
}

static int prefault_refused(int err, struct error *e)
{
	(void)error_set(e, STATUS_CANNOT, err, "KVM_PRE_FAULT_MEMORY",
			"--prefault: this KVM cannot fill its tables ahead of the guest");
	return error_hint(
		e, "it needs Linux 6.10 or later and EPT or NPT (kvm's tdp_mmu); leave --prefault out");
}

int kvm_prefault_check(const struct kvm_system *sys, struct error *e)
{
	if (kvm_capability(sys, MINIVMM_CAP_PRE_FAULT_MEMORY) > 0)
		return 0;
	return prefault_refused(ENOTSUP, e);
}

int kvm_vcpu_prefault(const struct kvm_vcpu *vcpu, uint64_t gpa, uint64_t bytes, struct error *e)
{
	struct prefault_range range = { .gpa = gpa, .bytes = bytes };

	while (range.bytes != 0) {
		if (stop_requested() != 0)
			return error_set(e, STATUS_FAILED, EINTR, "KVM_PRE_FAULT_MEMORY",
					 "interrupted by signal %d", stop_requested());
		/* KVM advances gpa and bytes past what it has done, also when it is interrupted. */
		if (ioctl(vcpu->fd, MINIVMM_PRE_FAULT_MEMORY, &range) == 0 || errno == EINTR ||
		    errno == EAGAIN)
			continue;
		if (errno == EOPNOTSUPP || errno == ENOTTY)
			return prefault_refused(errno, e);
		return error_set(e, STATUS_FAILED, errno, "KVM_PRE_FAULT_MEMORY",
				 "failed at GPA 0x%llx with %llu bytes to go", (unsigned long long)range.gpa,
				 (unsigned long long)range.bytes);
	}
	return 0;
}

int kvm_vcpu_paging(const struct kvm_vcpu *vcpu, struct kvm_paging *paging, struct error *e)
{
	struct kvm_sregs sregs;

	if (ioctl(vcpu->fd, KVM_GET_SREGS, &sregs) != 0)
		return error_set(e, STATUS_FAILED, errno, "KVM_GET_SREGS", "vCPU %u", vcpu->index);
	*paging = (struct kvm_paging){
		.cr0 = sregs.cr0, .cr3 = sregs.cr3, .cr4 = sregs.cr4, .efer = sregs.efer
	};
	return 0;
}

int kvm_vcpu_translate(const struct kvm_vcpu *vcpu, uint64_t gva, bool *valid, uint64_t *gpa)
{
	struct kvm_translation translation = { .linear_address = gva };

	*valid = false;
	*gpa = 0;
	if (ioctl(vcpu->fd, KVM_TRANSLATE, &translation) != 0)
		return -errno;
	*valid = translation.valid != 0;
	if (*valid)
		*gpa = translation.physical_address;
	return 0;
}
