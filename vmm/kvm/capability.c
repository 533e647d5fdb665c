#include "vmm/kvm/capability.h"

#include <linux/kvm.h>

const struct kvm_capability kvm_capabilities[KVM_CAPABILITY_COUNT] = {
	{ KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY", "guest RAM in our own mapping", true },
	{ KVM_CAP_SYNC_MMU, "KVM_CAP_SYNC_MMU", "guest RAM that is populated lazily", true },
	{ KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID", "the guest's CPUID", true },
	{ KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT", "stopping a vCPU without losing the signal",
	  true },
	{ KVM_CAP_GET_TSC_KHZ, "KVM_CAP_GET_TSC_KHZ", "cycles as nanoseconds", true },
	{ KVM_CAP_BINARY_STATS_FD, "KVM_CAP_BINARY_STATS_FD",
	  "the proof: pages mapped by size, exits inside the timed part", false },
	{ MINIVMM_CAP_PRE_FAULT_MEMORY, "KVM_CAP_PRE_FAULT_MEMORY",
	  "--prefault: second-dimension tables filled before the guest runs", false },
	{ KVM_CAP_NR_VCPUS, "KVM_CAP_NR_VCPUS", "the number of vCPUs that KVM recommends", false },
	{ KVM_CAP_MAX_VCPUS, "KVM_CAP_MAX_VCPUS", "the limit of --smp", false },
	{ KVM_CAP_NR_MEMSLOTS, "KVM_CAP_NR_MEMSLOTS", "the number of pieces that guest RAM can be cut into",
	  false },
	{ KVM_CAP_SET_TSS_ADDR, "KVM_CAP_SET_TSS_ADDR",
	  "Intel without unrestricted guest: a TSS for guests that do not page yet", false },
	{ KVM_CAP_SET_IDENTITY_MAP_ADDR, "KVM_CAP_SET_IDENTITY_MAP_ADDR",
	  "the same: an identity map for guests that do not page yet", false },
	{ KVM_CAP_X86_DISABLE_EXITS, "KVM_CAP_X86_DISABLE_EXITS",
	  "vCPUs that spin at a gate stay in the guest", false },
	{ KVM_CAP_IRQCHIP, "KVM_CAP_IRQCHIP",
	  "an APIC inside KVM, which TPR shadow and FlexPriority need; minivmm's guest has none", false },
	{ KVM_CAP_PMU_CAPABILITY, "KVM_CAP_PMU_CAPABILITY",
	  "performance counters inside a guest; minivmm's reads none", false },
};
