#include "vmm/core/kvm/paging.h"

#include <errno.h>
#include <sys/ioctl.h>

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
