/*
 * The APIC inside KVM: what TPR shadow, FlexPriority and APICv can serve at all. A VM without one has no interrupts.
 */
#ifndef MINIVMM_CORE_KVM_APIC_H
#define MINIVMM_CORE_KVM_APIC_H

#include "vmm/core/kvm/system.h"
#include "vmm/core/kvm/vcpu.h"
#include "vmm/core/kvm/vm.h"
#include "vmm/util/error.h"

/*
 * Whether this KVM has an APIC; to be asked before RAM is taken. `asker` is the option that needs it, for the message.
 * 0, or -errno with STATUS_CANNOT.
 */
int kvm_apic_check(const struct kvm_system *sys, const char *asker, struct error *e);

/*
 * Give the VM an APIC for each vCPU, before the first of them is created. The local APICs alone where KVM has them
 * apart (KVM_CAP_SPLIT_IRQCHIP), else with the PIC and the I/O APIC of a PC, which no guest here programs. 0 or -errno.
 */
int kvm_vm_add_apic(const struct kvm_system *sys, const struct kvm_vm *vm, struct error *e);

/*
 * With an APIC KVM parks all vCPUs but the first until a start-up IPI (SDM vol. 3A, 9.4). This one starts at its
 * registers, as the first does. 0 or -errno.
 */
int kvm_vcpu_make_runnable(const struct kvm_vcpu *vcpu, struct error *e);

#endif
