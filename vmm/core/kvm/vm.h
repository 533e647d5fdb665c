/*
 * One virtual machine: its descriptor, its memory slots, its statistics, its APICs.
 */
#ifndef MINIVMM_CORE_KVM_VM_H
#define MINIVMM_CORE_KVM_VM_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/core/kvm/stats.h"
#include "vmm/core/kvm/system.h"
#include "vmm/util/error.h"

struct kvm_vm {
	int fd; /* -1: none */
	struct kvm_stats stats;
};

/* 0 or -errno; on error nothing is left open. No interrupt controller yet. */
int kvm_vm_create(const struct kvm_system *sys, struct kvm_vm *vm, struct error *e);
void kvm_vm_destroy(struct kvm_vm *vm);

/* Give [hva, hva + bytes) to the guest at gpa. No dirty log. `hva` stays the caller's. 0 or -errno. */
int kvm_vm_add_slot(const struct kvm_vm *vm, uint32_t slot, uint64_t gpa, uint64_t bytes, void *hva,
		    struct error *e);

/*
 * Switch KVM's dirty log of a slot on or off; the rest as it was added. Once on, KVM splits or write-protects what it
 * has mapped (api.rst, KVM_MEM_LOG_DIRTY_PAGES). 0 or -errno.
 */
int kvm_vm_log_slot(const struct kvm_vm *vm, uint32_t slot, uint64_t gpa, uint64_t bytes, void *hva, bool on,
		    struct error *e);

/*
 * KVM_GET_DIRTY_LOG: fill bits[] with the log of a slot since it was switched on or last read, bit n of word n / 64
 * for its page n of 4 KiB, and clear it. bits[] has room for the slot's pages rounded up to 64. 0 or -errno.
 */
int kvm_vm_read_log(const struct kvm_vm *vm, uint32_t slot, uint64_t *bits, struct error *e);

/*
 * Have KVM serve 32-bit writes to `port` itself (KVM_IOEVENTFD): the guest goes on inside the kernel, `event_fd`, an
 * eventfd, counts them. It need not be read: full, it stays full. event_fd stays the caller's. 0 or -errno.
 */
int kvm_vm_serve_port(const struct kvm_vm *vm, uint16_t port, int event_fd, struct error *e);

/*
 * Whether this KVM has an APIC, which TPR shadow, FlexPriority and APICv serve; a VM without one has no interrupts. To be asked before RAM is taken. `asker` is the option that needs it, for the message.
 * 0, or -errno with STATUS_CANNOT.
 */
int kvm_apic_check(const struct kvm_system *sys, const char *asker, struct error *e);

/*
 * Give the VM an APIC for each vCPU, before the first of them is created. The local APICs alone where KVM has them
 * apart (KVM_CAP_SPLIT_IRQCHIP), else with the PIC and the I/O APIC of a PC, which no guest here programs. 0 or -errno.
 */
int kvm_vm_add_apic(const struct kvm_system *sys, const struct kvm_vm *vm, struct error *e);

#endif
