#!/bin/sh
# Lesson 5: VPID and exits. What leaving the guest costs, and what it costs afterwards.
. "${0%/*}/lesson.sh"

lesson 5 "VPID and exits"
say "An exit costs twice: the way to KVM and back, and what is missing afterwards. Without a tag for each guest (Intel's VPID, AMD's" \
	"ASID) the TLB has to be emptied at every entry, and each hot page is walked anew."

part "predict"
say "How much is one page worth? One walk, without caches:"
try model --guest-page 4K --host-page 4K
say "With 256 hot pages an emptied TLB means 256 walks after every exit."

part "run"
say "First what kinds of exits there are and how many each operation makes; then the hot pages, warm and right after an exit."
live run -m 64M --workload exit --accesses 100 --repeat 3
live run -m 64M --workload vpid --working-set 64K,1M --accesses 2560 --repeat 3
try check

part "what one sees"
sees ept "1000 to 3000 cycles an exit on real hardware, more where user space serves it; with VPID hardly anything afterwards."
sees npt "the same; AMD always has ASIDs."
sees shadow "with VMX or SVM below as many exits, and VPID or ASID works here, too. Where ring 3 runs without them (kvm_pvm), an exit through user space costs a hundred times as much, and on some CPUs the TLB is cold afterwards."

part "questions"
question "4K pages in both dimensions: how many references refill one lost translation at most?" 24 \
	'.list.count' model --guest-page 4K --host-page 4K
question "how many exits does one write to a port of user space make?" "ept=1 npt=1 shadow=1" \
	'[.results[] | select(.variant == "port-user")][0].exits_per_operation' \
	run -m 64M --workload exit --accesses 100 --repeat 3
question "how many exits does a chase make in its timed phase?" "ept=0 npt=0 shadow=0" \
	'[.results[] | select(.workload == "chase")][0].exits' \
	run -m 64M --workload chase,chase --working-set 256K --accesses 2000 --repeat 2 --prealloc
finish
