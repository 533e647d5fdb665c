#include "vmm/core/kvm/apic.h"

#include <errno.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>

int kvm_apic_check(const struct kvm_system *sys, const char *asker, struct error *e)
{
	if (kvm_check_extension(sys->fd, KVM_CAP_IRQCHIP) > 0)
		return 0;
	(void)error_set(e, STATUS_CANNOT, ENOTSUP, "KVM_CAP_IRQCHIP",
			"this KVM has no APIC of its own, which %s needs", asker);
	return error_hint(e, "leave %s out", asker);
}

int kvm_vm_add_apic(const struct kvm_system *sys, const struct kvm_vm *vm, struct error *e)
{
	/* args[0]: routes kept for an I/O APIC in user space. There is none. */
	struct kvm_enable_cap split = { .cap = KVM_CAP_SPLIT_IRQCHIP, .args = { 0 } };

	if (kvm_check_extension(sys->fd, KVM_CAP_SPLIT_IRQCHIP) > 0) {
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

int kvm_vcpu_make_runnable(const struct kvm_vcpu *vcpu, struct error *e)
{
	struct kvm_mp_state state = { .mp_state = KVM_MP_STATE_RUNNABLE };

	if (ioctl(vcpu->fd, KVM_SET_MP_STATE, &state) != 0)
		return error_set(e, STATUS_FAILED, errno, "KVM_SET_MP_STATE", "vCPU %u does not start",
				 vcpu->index);
	return 0;
}
