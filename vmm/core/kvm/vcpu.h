/*
 * One vCPU: its descriptor, its shared run area, its statistics.
 */
#ifndef MINIVMM_CORE_KVM_VCPU_H
#define MINIVMM_CORE_KVM_VCPU_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>

#include "vmm/core/kvm/cpuid.h"
#include "vmm/core/kvm/stats.h"
#include "vmm/core/kvm/system.h"
#include "vmm/core/kvm/vm.h"
#include "vmm/util/error.h"

struct kvm_vcpu {
	int fd; /* -1: none */
	uint32_t index;
	struct kvm_run *run; /* shared with KVM */
	size_t run_bytes;
	struct kvm_stats stats;
};

/*
 * Create vCPU `index` of `count` with that CPUID and its own APIC id, and without hypercalls.
 * cpuid is changed in passing. 0 or -errno; on error nothing is left.
 */
int kvm_vcpu_create(const struct kvm_system *sys, const struct kvm_vm *vm, uint32_t index, uint32_t count,
		    struct kvm_cpuid2 *cpuid, struct kvm_vcpu *vcpu, struct error *e);
void kvm_vcpu_destroy(struct kvm_vcpu *vcpu);

/*
 * With an APIC KVM parks all vCPUs but the first until a start-up IPI (SDM vol. 3A, 9.4). This one starts at its
 * registers, as the first does. 0 or -errno.
 */
int kvm_vcpu_make_runnable(const struct kvm_vcpu *vcpu, struct error *e);

/* KVM_RUN: 0 when run->exit_reason is valid, -EINTR when kicked, else -errno. */
int kvm_vcpu_run(struct kvm_vcpu *vcpu);

/* TSC frequency the guest sees, 0 when KVM does not say. */
uint64_t kvm_vcpu_tsc_khz(const struct kvm_vcpu *vcpu);

/* Whether kvm_vcpu_prefault can work here; to be asked before RAM is populated. 0, or -errno with STATUS_CANNOT. */
int kvm_prefault_check(const struct kvm_system *sys, struct error *e);

/*
 * KVM_PRE_FAULT_MEMORY over [gpa, gpa + bytes). 0 or -errno; STATUS_CANNOT where this KVM or its paging mode has
 * no such call.
 */
int kvm_vcpu_prefault(const struct kvm_vcpu *vcpu, uint64_t gpa, uint64_t bytes, struct error *e);

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
