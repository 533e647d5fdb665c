/*
 * What a stopped vCPU's paging is, and what KVM's own walker makes of an address.
 */
#ifndef MINIVMM_CORE_KVM_PAGING_H
#define MINIVMM_CORE_KVM_PAGING_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/core/kvm/vcpu.h"
#include "vmm/util/error.h"

/* The registers that decide how the vCPU translates addresses (SDM vol. 3A, 4.1.1). */
struct kvm_paging {
	uint64_t cr0, cr3, cr4, efer;
};

/* KVM_GET_SREGS. On the vCPU's own thread, or while it does not run. 0 or -errno. */
int kvm_vcpu_paging(const struct kvm_vcpu *vcpu, struct kvm_paging *paging, struct error *e);

/*
 * KVM_TRANSLATE: *valid and then *gpa, as KVM's walker of the guest's tables has it. It sets accessed bits on its way, as a
 * CPU would, and does not look whether the address is canonical. 0 or -errno; a KVM that does not answer is no error of the
 * run, so none is described.
 */
int kvm_vcpu_translate(const struct kvm_vcpu *vcpu, uint64_t gva, bool *valid, uint64_t *gpa);

#endif
