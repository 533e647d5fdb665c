/*
 * The CPUID that the guest is given: what of KVM's a plan needs, whose vCPU it names, and what the rest of the VMM reads of it.
 */
#ifndef MINIVMM_CORE_KVM_CPUID_H
#define MINIVMM_CORE_KVM_CPUID_H

#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/core/kvm/system.h"
#include "vmm/util/error.h"

enum cpuid_register { CPUID_EAX, CPUID_EBX, CPUID_ECX, CPUID_EDX };

/* The bits of one register of one leaf that a guest may see. What no row has is 0 to it. */
struct cpuid_allowed {
	uint32_t leaf; /* subleaf 0: no other is needed */
	enum cpuid_register in;
	uint32_t bits;
	const char *why;
};

extern const struct cpuid_allowed cpuid_allowed[];
extern const size_t cpuid_allowed_count;

/*
 * All that KVM supports of CPUID, read once a run. Owned by the caller: free(). NULL on error. `check` asks it what guests could
 * have; a guest is given what kvm_cpuid_allow leaves.
 */
struct kvm_cpuid2 *kvm_supported_cpuid(const struct kvm_system *sys, struct error *e);

/*
 * Leave what cpuid_allowed has: leaves without a row go, and the greatest leaves named (0 and 0x80000000, EAX) are those that
 * stay. So a guest sees neither VMX nor SVM (no nesting), no paravirtual leaf, no performance counters, no XSAVE. Pure.
 */
void kvm_cpuid_allow(struct kvm_cpuid2 *cpuid);

/* Make the table that of vCPU `index` of `count`: its APIC id (SDM vol. 2A, CPUID, leaf 1). Pure. */
void kvm_cpuid_identify(struct kvm_cpuid2 *cpuid, uint32_t index, uint32_t count);

/*
 * Take x2APIC (leaf 1, ECX bit 21) out of the table: KVM always says it supports it, but a guest without an APIC
 * inside KVM has none (api.rst, KVM_GET_SUPPORTED_CPUID). Pure.
 */
void kvm_cpuid_drop_x2apic(struct kvm_cpuid2 *cpuid);

/* Width of the guest's physical addresses (0x80000008); 36 where the table does not say, as KVM has it. Pure. */
uint32_t kvm_cpuid_physical_bits(const struct kvm_cpuid2 *cpuid);

/* Whether guests may have 1 GiB pages (0x80000001, EDX bit 26): 1, 0, or -ENOENT where the table has no such leaf. */
int kvm_cpuid_has_1g_pages(const struct kvm_cpuid2 *cpuid);

#endif
