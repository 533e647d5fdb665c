/*
 * The sentences of the host check. What they claim: Intel SDM vol. 3C, chapters on VMX support for address translation
 * and APIC virtualization; AMD APM vol. 2, chapter 15; arch/x86/kvm of Linux 5.10 to 6.18 (vmx.c and svm.c,
 * hardware_setup: a parameter reads off where the hardware lacks what it needs); Documentation/admin-guide/
 * kernel-parameters.txt.
 */
#include "vmm/lab/check/rows.h"

#define NO_TIMED "; the timed part does not change."

const struct row_rule row_rules[] = {
	{ .group = ROW_PAGING,
	  .vendor = VENDOR_INTEL,
	  .name = "ept",
	  .flag = "ept",
	  .vmx_flag = "ept",
	  .param = "kvm_intel.ept",
	  .on = "The CPU itself walks guest tables and EPT: a TLB miss may read many times the native number "
		"of "
		"entries, but a page fault inside the guest needs no exit.",
	  .off = "KVM shadows the guest's tables: a TLB miss costs what it costs natively, but first touches "
		 "and "
		 "changes of guest tables exit to KVM. Not a two-dimensional measurement." },
	{ .group = ROW_PAGING,
	  .vendor = VENDOR_INTEL,
	  .name = "ept_1gb",
	  .vmx_flag = "ept_1gb",
	  .on = "EPT can map 1G by one entry: RAM on 1G pages gets 1G leaves in the second dimension.",
	  .off = "EPT has no 1G leaves: RAM on 1G pages is mapped by 2M leaves and measures like 2M backing.",
	  .shadow = "A property of EPT, which is not in use here." },
	{ .group = ROW_PAGING,
	  .vendor = VENDOR_INTEL,
	  .name = "ept_5level",
	  .vmx_flag = "ept_5level",
	  .on = "EPT can have five levels; KVM uses them for guests with physical addresses of more than 48 "
		"bits: "
		"one more entry a step of the walk.",
	  .off = "EPT has four levels.",
	  .shadow = "A property of EPT, which is not in use here." },
	{ .group = ROW_PAGING,
	  .vendor = VENDOR_INTEL,
	  .name = "eptad",
	  .vmx_flag = "ept_ad",
	  .param = "kvm_intel.eptad",
	  .on = "The CPU sets accessed and dirty bits in EPT, so KVM need not take them by faults; in "
		"exchange each "
		"read of a guest table entry counts as a write to its page.",
	  .off = "KVM learns what is used by faults: when the host ages or logs pages, the guest's next "
		 "touch of "
		 "each exits. A host that does neither measures the same.",
	  .shadow = "A property of EPT, which is not in use here." },
	{ .group = ROW_PAGING,
	  .vendor = VENDOR_INTEL,
	  .name = "unrestricted_guest",
	  .vmx_flag = "unrestricted_guest",
	  .param = "kvm_intel.unrestricted_guest",
	  .on = "A guest that does not page yet runs without KVM's help: a quick start" NO_TIMED,
	  .off = "KVM helps a guest that does not page yet with an identity map or by emulation: a slower "
		 "start" NO_TIMED },
	{ .group = ROW_PAGING,
	  .vendor = VENDOR_INTEL,
	  .name = "vpid",
	  .flag = "vpid",
	  .vmx_flag = "vpid",
	  .param = "kvm_intel.vpid",
	  .on = "TLB entries carry the vCPU's tag and outlive exits: after an exit the hot set is still "
		"translated.",
	  .off = "Every VM entry and exit drops the guest's TLB entries: an exit, the host's timer included, "
		 "costs "
		 "a refill of the hot set." },
	{ .group = ROW_PAGING,
	  .vendor = VENDOR_INTEL,
	  .name = "invvpid",
	  .vmx_flag = "invvpid",
	  .on = "KVM can drop the TLB entries of one vCPU and leave the others'.",
	  .off = "Without this instruction KVM does not use VPID." },
	{ .group = ROW_PAGING,
	  .vendor = VENDOR_INTEL,
	  .name = "pml",
	  .vmx_flag = "pml",
	  .param = "kvm_intel.pml",
	  .on = "While dirty pages are logged, the CPU writes the log and no page is write-protected. "
		"minivmm logs for --workload dirty alone.",
	  .off = "While dirty pages are logged, the first write to each page exits. minivmm logs "
		 "for --workload dirty alone." },
	{ .group = ROW_PAGING,
	  .vendor = VENDOR_INTEL,
	  .name = "nested",
	  .param = "kvm_intel.nested",
	  .on = "A guest may run guests of its own. minivmm's does not: its walk has no third dimension.",
	  .off = "A guest cannot run guests of its own. No effect on a measurement." },
	{ .group = ROW_PAGING,
	  .vendor = VENDOR_AMD,
	  .name = "npt",
	  .flag = "npt",
	  .param = "kvm_amd.npt",
	  .on = "The CPU itself walks guest tables and nested tables: a TLB miss may read many times the "
		"native "
		"number of entries, but a page fault inside the guest needs no exit.",
	  .off = "KVM shadows the guest's tables: a TLB miss costs what it costs natively, but first touches "
		 "and "
		 "changes of guest tables exit to KVM. Not a two-dimensional measurement." },
	{ .group = ROW_PAGING,
	  .vendor = VENDOR_AMD,
	  .name = "flushbyasid",
	  .flag = "flushbyasid",
	  .on = "TLB entries always carry the vCPU's ASID and outlive exits (AMD's VPID, without a switch); "
		"KVM can "
		"drop those of one ASID alone.",
	  .off = "TLB entries always carry the vCPU's ASID and outlive exits (AMD's VPID, without a switch); "
		 "to drop "
		 "them KVM gives the vCPU a new ASID." },
	{ .group = ROW_PAGING,
	  .vendor = VENDOR_AMD,
	  .name = "nested",
	  .param = "kvm_amd.nested",
	  .on = "A guest may run guests of its own. minivmm's does not: its walk has no third dimension.",
	  .off = "A guest cannot run guests of its own. No effect on a measurement." },
	{ .group = ROW_INTERRUPTS,
	  .vendor = VENDOR_INTEL,
	  .name = "tpr_shadow",
	  .flag = "tpr_shadow",
	  .vmx_flag = "vtpr",
	  .on = "CR8 (the task priority) without exits, for guests whose APIC is inside KVM (--workload tpr, "
		"--kernel-irqchip on); without one their accesses exit.",
	  .off = "Every access of a guest to CR8 (the task priority) exits." },
	{ .group = ROW_INTERRUPTS,
	  .vendor = VENDOR_INTEL,
	  .name = "flexpriority",
	  .flag = "flexpriority",
	  .vmx_flag = "flexpriority",
	  .param = "kvm_intel.flexpriority",
	  .on = "The task priority in the APIC page without exits, for guests whose APIC is inside KVM; from "
		"Linux 5.16 on with APICv alone. --workload tpr counts them.",
	  .off = "Every access of a guest to the APIC page exits and is emulated, the task priority "
		 "included." },
	{ .group = ROW_INTERRUPTS,
	  .vendor = VENDOR_INTEL,
	  .name = "enable_apicv",
	  .vmx_flag = "apicv",
	  .param = "kvm_intel.enable_apicv",
	  .on = "The CPU serves a guest's APIC and delivers its interrupts without exits: --workload tpr "
		"shows the first; interrupts are off in minivmm's guest.",
	  .off = "A guest's APIC accesses and interrupts cost exits: --workload tpr shows the first; "
		 "interrupts are off in minivmm's guest." },
	{ .group = ROW_INTERRUPTS,
	  .vendor = VENDOR_AMD,
	  .name = "avic",
	  .flag = "avic",
	  .param = "kvm_amd.avic",
	  .on = "The CPU serves a guest's APIC and delivers its interrupts without exits: --workload tpr "
		"shows the first; interrupts are off in minivmm's guest.",
	  .off = "A guest's APIC accesses and interrupts cost exits: --workload tpr shows the first; "
		 "interrupts are off in minivmm's guest." },
	{ .group = ROW_INTERRUPTS,
	  .vendor = VENDOR_AMD,
	  .name = "vgif",
	  .flag = "vgif",
	  .param = "kvm_amd.vgif",
	  .on = "STGI and CLGI of guests that run guests need no exit. minivmm's guest runs none: no effect.",
	  .off = "STGI and CLGI of guests that run guests exit. minivmm's guest runs none: no effect." },
	{ .group = ROW_KVM,
	  .name = "tdp_mmu",
	  .param = "kvm.tdp_mmu",
	  .on = "KVM handles the EPT or NPT faults of several vCPUs side by side: first touches scale with "
		"--smp.",
	  .off = "EPT or NPT faults of all vCPUs queue for one lock: first touches do not scale with --smp.",
	  .shadow = "It keeps EPT or NPT tables; shadow paging has its own code, whose faults queue for one "
		    "lock." },
	{ .group = ROW_KVM,
	  .name = "nx_huge_pages",
	  .param = "kvm.nx_huge_pages",
	  .on = "Against a CPU erratum (iTLB multihit) a large page that the guest executes from is split to "
		"4K and "
		"later put back. Pages of data keep their size.",
	  .off = "Large pages stay large, also where the guest executes from them." },
	{ .group = ROW_KVM,
	  .name = "mmio_caching",
	  .param = "kvm.mmio_caching",
	  .on = "KVM remembers which addresses are devices: later accesses exit straight to the emulator. "
		"The timed "
		"part makes none.",
	  .off = "KVM looks up every access to a device address afresh: dearer exits. The timed part makes "
		 "none." },
	{ .group = ROW_KVM,
	  .name = "eager_page_split",
	  .param = "kvm.eager_page_split",
	  .on = "When dirty logging starts, KVM splits large pages at once. minivmm logs for --workload "
		"dirty alone.",
	  .off = "Under dirty logging the guest's first write to each large page splits it, during the run. "
		 "minivmm "
		 "logs for --workload dirty alone." },
	{ .group = ROW_MEMORY,
	  .name = "pdpe1gb",
	  .flag = "pdpe1gb",
	  .on = "The CPU has 1G pages for the host's own tables: 1G backing is possible, and `native` can be "
		"measured "
		"on it.",
	  .off = "The CPU shows no 1G pages: no 1G backing, and 2M is the largest leaf of the host's "
		 "tables." },
	{ .group = ROW_MEMORY,
	  .name = "la57",
	  .flag = "la57",
	  .on = "The host kernel runs on five levels: a native walk, and one through NPT, has a level more.",
	  .off = "The host kernel runs on four levels." },
};
const size_t row_rule_count = sizeof(row_rules) / sizeof(row_rules[0]);
