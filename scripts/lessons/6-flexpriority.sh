#!/bin/sh
# Lesson 6: FlexPriority. Changing the task priority without leaving the guest.
. "${0%/*}/lesson.sh"

lesson 6 "FlexPriority"
say "An operating system raises and lowers its task priority all the time. The register is CR8, or a word in the APIC's memory, or" \
	"an MSR: three ways to the same four bits, and hardware helps with each of them differently."

part "predict"
say "Intel's TPR shadow (part of FlexPriority) keeps CR8 inside the guest; so does AMD's V_TPR. Both need KVM to know an APIC: with" \
	"--kernel-irqchip off there is none, and CR8 leaves the guest. None of this has to do with page tables, so model has nothing" \
	"to say here but this: an exit lets the caches and TLBs grow cold, and then a walk costs"
try model --guest-page 4K --host-page 2M

part "run"
live run -m 64M --workload cr8 --accesses 100 --repeat 2 --kernel-irqchip on
live run -m 64M --workload cr8 --accesses 100 --repeat 2 --kernel-irqchip off
live run -m 64M --workload tpr --accesses 100 --repeat 2

part "what one sees"
sees ept "CR8: no exits with an APIC in KVM, one a write without. The APIC's memory exits, unless APICv takes care of it: FlexPriority's hardware could answer for the priority there, but without APICv KVM lets that page fault and serves it itself."
sees npt "CR8 is virtualised on every AMD CPU with SVM; reads never exit, writes do where KVM has no APIC."
sees shadow "the way addresses are translated makes no difference. On kvm_pvm ring 0 is interpreted: there are counts, but no cycles worth printing."

part "questions"
question "how many references does a TLB miss make at most with 4K guest pages on 2M of the host?" 19 \
	'.list.count' model --guest-page 4K --host-page 2M
question "how many exits does a write to CR8 make with an APIC in KVM?" "kvm_intel=0 kvm_amd=0" \
	'[.results[] | select(.variant == "cr8-write")][0].exits_per_operation' \
	run -m 64M --workload cr8 --accesses 100 --repeat 2 --kernel-irqchip on
question "and without one?" "kvm_intel=1 kvm_amd=1" \
	'[.results[] | select(.variant == "cr8-write")][0].exits_per_operation' \
	run -m 64M --workload cr8 --accesses 100 --repeat 2 --kernel-irqchip off
finish
