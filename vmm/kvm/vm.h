/*
 * One virtual machine: its descriptor, its memory slots, its statistics.
 */
#ifndef MINIVMM_KVM_VM_H
#define MINIVMM_KVM_VM_H

#include <stdint.h>

#include "vmm/kvm/stats.h"
#include "vmm/kvm/system.h"
#include "vmm/util/error.h"

struct kvm_vm {
	int fd; /* -1: none */
	struct kvm_stats stats;
};

/* 0 or -errno; on error nothing is left open. No interrupt controller: the guest runs with interrupts off. */
int kvm_vm_create(const struct kvm_system *sys, struct kvm_vm *vm, struct error *e);
void kvm_vm_destroy(struct kvm_vm *vm);

/* Give [hva, hva + bytes) to the guest at gpa. No dirty log. `hva` stays the caller's. 0 or -errno. */
int kvm_vm_add_slot(const struct kvm_vm *vm, uint32_t slot, uint64_t gpa, uint64_t bytes, void *hva,
		    struct error *e);

#endif
