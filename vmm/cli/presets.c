/*
 * The presets. Times are those of a machine with two CPUs; each preset ends there within minutes.
 */
#include <stdio.h>
#include <string.h>

#include "vmm/cli/options.h"
#include "vmm/cli/preset.h"
#include "vmm/util/text.h"

const struct preset preset_table[PRESETS] = {
	{ "tlb-reach",
	  "A TLB holds a fixed number of translations, so it reaches as far as that number times the page. "
	  "chase "
	  "reads one line of each 4K page, packed the same number of lines without gaps: where chase - "
	  "packed rises, "
	  "the working set has passed a level of the TLB, and the sweep lists these knees. Under EPT and NPT "
	  "an "
	  "entry covers the smaller of guest page and backing page; shadow paging installs just that page: "
	  "so on every host 2M guest pages move the knees out by up to 512 times, but only because the "
	  "backing (thp) has 2M pages, too. Beyond the last knee EPT and NPT walk two dimensions where "
	  "shadow paging "
	  "and native cells walk one. On a host that is itself a virtual machine each of these walks has the "
	  "dimension below it as well.",
	  "guest-page = 4K,2M\n"
	  "native\n"
	  "backing = thp\n"
	  "workload = packed,chase\n"
	  "working-set = 64K..256M,96K..192M\n"
	  "repeat = 5\n" },
	{ "walk-cost",
	  "On a TLB miss the CPU reads page tables. With four levels a native walk takes at most 4 "
	  "references with "
	  "4K pages, 3 with 2M and 2 with 1G; under EPT and NPT each of the guest's references is translated "
	  "itself, "
	  "which makes 24 with 4K in both dimensions, 15 with 2M, 8 with 1G. Shadow paging walks one table "
	  "that KVM "
	  "keeps, with the smaller page of both, as natively. Look at the cost of translation (chase - "
	  "packed) of "
	  "each guest page on each backing: it is far below theory, because walk caches keep the upper "
	  "levels and "
	  "data caches the entries, and it grows with the working set, as these are lost. Under EPT and NPT "
	  "a larger page in one dimension makes a miss cheaper, but only a larger page in both makes misses "
	  "rarer.",
	  "guest-page = 4K,2M,1G\n"
	  "native\n"
	  "backing = anon,thp,hugetlb:2M,hugetlb:1G\n"
	  "workload = packed,chase\n"
	  "working-set = 256K,512K,4M,16M,64M\n"
	  "repeat = 5\n" },
	{ "first-touch",
	  "Memory that was never touched comes in by faults. touch writes once to each 4K page of 256M, "
	  "then "
	  "again; the second pass is what is left when all is mapped. Under EPT and NPT the first pass has a "
	  "fault "
	  "for each page of the backing, whatever the guest page; shadow paging has at most one for each "
	  "page of the smaller kind. With prealloc off the host also finds and zeroes the page within that "
	  "fault; with on it is "
	  "there "
	  "and only has to be mapped; with prefault KVM has mapped it, too, and no fault is left. Shadow "
	  "paging "
	  "cannot prefault, and such cells say so. With 1G backing the first fault zeroes a whole GiB.",
	  "guest-page = 4K,2M,1G\n"
	  "backing = anon,thp,hugetlb:2M,hugetlb:1G\n"
	  "prealloc = off,on,prefault\n"
	  "workload = touch\n"
	  "working-set = 256M\n" },
	{ "vpid",
	  "After an exit the guest's translations may or may not still be in the TLB. vpid walks hot pages "
	  "warm, and "
	  "again after each exit: after-exit - warm is what coming back costs them. With VPID (Intel) or "
	  "ASIDs (AMD) "
	  "entries carry a tag and survive: the difference is little, what KVM's own code displaced. Without "
	  "it "
	  "(kvm_intel's vpid=0) each hot page needs a walk again, through both dimensions under EPT, through "
	  "one under shadow paging; where the pages do not fit the TLB anyway, there is little to lose. "
	  "Natively a system call stands in for the exit.",
	  "guest-page = 4K\n"
	  "native\n"
	  "workload = vpid\n"
	  "working-set = 64K,256K,1M,4M\n" },
	{ "flexpriority",
	  "A guest raises and lowers its task priority often, and each time may be an exit. tpr does so by "
	  "CR8, by "
	  "the APIC's memory and by the x2APIC's MSR, cr8 by CR8 alone, also without an APIC in KVM. Look at "
	  "exits "
	  "an operation: 0 where a TPR shadow (CR8), FlexPriority, APICv or AVIC (memory) or x2APIC "
	  "virtualization "
	  "(MSR) serves the access, 1 or more where KVM has to. EPT, NPT or shadow paging make no difference "
	  "here. "
	  "Without an APIC in KVM (kernel-irqchip off) KVM uses none of these, so cr8 shows what a TPR "
	  "shadow saves; "
	  "tpr needs that APIC, so its cells with off are refused.",
	  "kernel-irqchip = on,off\n"
	  "workload = tpr,cr8\n"
	  "baseline = kernel-irqchip=on\n" },
	{ "exit-cost",
	  "What does it cost to leave a guest and come back? exit does so by CPUID, by a port that KVM "
	  "serves in the "
	  "kernel and by one that it hands to user space; the last is the dearest, for it adds a return from "
	  "the "
	  "ioctl and another call. It is the same under EPT, NPT, and shadow paging by VMX or SVM; where KVM "
	  "runs "
	  "ring 3 without VMX or SVM, CPUID is an exit only on a CPU that can fault on it (Intel), else a "
	  "hypervisor below takes it. A second vCPU shows whether exits of one "
	  "slow "
	  "the other: with a CPU for each they should not.",
	  "smp = 1,2\n"
	  "workload = exit\n"
	  "baseline = smp=1\n" },
	{ "remap",
	  "Guests change their page tables all the time. remap rewrites an entry, invalidates it and touches "
	  "the "
	  "page; dirty reads and writes pages whose accessed and dirty bits are clear, then again while KVM "
	  "logs "
	  "dirty pages, as for live migration. Under EPT and NPT the hardware reads the guest's new entry "
	  "and sets "
	  "its bits: no exits, except that logging splits large leaves and has a fault for each page "
	  "written, none "
	  "with PML. Shadow paging pays here: KVM's table has to follow, with one to three exits a remap, "
	  "and faults "
	  "where bits are set. Look at exits and faults an operation first, at cycles then.",
	  "guest-page = 4K,2M\n"
	  "backing = anon,hugetlb:2M\n"
	  "workload = remap,dirty\n"
	  "working-set = 4M,16M\n"
	  "repeat = 5\n" },
	{ "smp",
	  "What do vCPUs cost each other? touch and malloc write to memory; gups updates it at random, in "
	  "updates a "
	  "second of all vCPUs together; in shootdown vCPU 0 changes a mapping and waits until each of the "
	  "others "
	  "has invalidated it, so it needs 2 vCPUs or more. Memory is there beforehand, so under EPT and NPT "
	  "what is "
	  "left is the second dimension's faults, which newer kernels handle side by side, and a shootdown "
	  "has no "
	  "exits; "
	  "shadow paging handles faults one at a time under one lock, and a shootdown has exits on every "
	  "vCPU. With "
	  "more vCPUs than CPUs a shootdown lasts until the host has run all of them, so mind how many CPUs "
	  "there are.",
	  "smp = 1,2,4\n"
	  "workload = touch,gups,malloc,shootdown\n"
	  "working-set = 16M\n"
	  "repeat = 5\n"
	  "baseline = smp=1\n" },
	{ "terabyte",
	  "What does translation cost a guest of a terabyte? Its memory is 1G of the host's that repeats, a "
	  "memory "
	  "slot each time, and scatter loads once from each guest page: data stays small, while the tables "
	  "of both "
	  "dimensions grow with the guest. Under EPT and NPT the cost climbs each time another level of "
	  "either table "
	  "falls out of a cache, later with 1G backing, whose second dimension is a level shorter and 512 "
	  "times "
	  "smaller. Shadow paging has one table with leaves of the smaller page, so 1G backing gains nothing "
	  "over "
	  "2M there. On every host KVM fills these tables by faults in the warm-up, which takes most of the "
	  "time.",
	  "guest-page = 2M\n"
	  "backing = thp,hugetlb:2M,hugetlb:1G\n"
	  "workload = scatter\n"
	  "alias-memory = 1G\n"
	  "working-set = 1G,4G,16G,64G,256G,1T\n"
	  "allocations = 3\n"
	  "repeat = 5\n" },
	{ "hypervisor-matrix",
	  "The classic test of a hypervisor's memory management: each kind of host page, lazily or "
	  "beforehand "
	  "populated, under guest pages of 4K and 2M, with programs that allocate (malloc), change mappings "
	  "(remap) "
	  "or bring memory in and hold it (mlock), on 1 to 16 vCPUs. Compare along one axis at a time. Under "
	  "EPT and "
	  "NPT the backing decides the number of faults, remap has no exits, and vCPUs hardly disturb each "
	  "other; "
	  "under shadow paging the smaller page decides, remap exits, and vCPUs wait for one lock. Beside "
	  "each figure "
	  "stand the minor and major faults and the NUMA hits and misses of the host: a lazy cell without "
	  "faults, or "
	  "one with misses, did not measure what its name says.",
	  "guest-page = 4K,2M\n"
	  "backing = anon,thp,hugetlb:2M,hugetlb:1G\n"
	  "prealloc = off,on\n"
	  "smp = 1,4,8,16\n"
	  "workload = malloc,remap,mlock\n"
	  "working-set = 4M\n"
	  "allocations = 3\n"
	  "repeat = 3\n" },
};

const struct preset *preset_find(const char *name)
{
	for (size_t i = 0; i < PRESETS; i++) {
		if (strcmp(preset_table[i].name, name) == 0)
			return &preset_table[i];
	}
	return NULL;
}

const char *preset_names(char *names)
{
	names[0] = '\0';
	for (size_t i = 0; i < PRESETS; i++)
		append(names, PRESET_NAMES_BYTES, "%s%s",
		       i == 0            ? ""
		       : i + 1 < PRESETS ? ", "
					 : " and ",
		       preset_table[i].name);
	return names;
}

int preset_apply(struct parse *p, const char *name)
{
	/* Values that are words stay in it, so the table's own text would not do. */
	static char text[PRESET_AXES_BYTES];
	const struct preset *preset = preset_find(name);

	if (preset == NULL)
		return error_set(p->e, STATUS_USAGE, 0, name, "unknown preset");
	(void)snprintf(text, sizeof(text), "%s", preset->axes);
	return axes_parse_text(p, name, text, strlen(text));
}
