#!/bin/sh
# Lesson 7: what translation alone costs. The same lines through every pair of page sizes, in one VM.
. "${0%/*}/lesson.sh"

lesson 7 "what translation alone costs"
say "To say what a larger page saves, one runs a program twice, with small pages and with large ones. But then the memory is" \
	"another one, too: other frames, other DRAM rows, other lines that share a set of a cache. twin keeps all of that: the" \
	"host gives the guest the same memory through several slots, and the guest maps each with pages of several sizes."

part "predict"
say "A slot that is shifted by 4K can only have leaves of 4K in the second dimension, although the memory below is 2M pages." \
	"So there are four windows on the same lines: 4K or 2M in the guest, 4K or 2M below. Theory has for them:"
try model
say "Under shadow paging hardware walks one table, whose leaf is the smaller of both: only 2M on 2M is any better."

part "run"
say "First contact with 4M through each window, in page faults of KVM; then all windows in turns, in blocks of random order." \
	"Each cost is the difference to the window with the largest leaves. That window is sampled twice in each block: its" \
	"difference to itself is the null, and has to be nothing."
live run -m 64M --backing thp --prealloc --workload twin --working-set 4M --accesses 512 --repeat 1

part "what one sees"
sees ept "two columns of faults: the leaves are those of the slot, 2 of 2M or 1024 of 4K, and who comes second finds them there."
sees npt "as with EPT: the guest's page size has no part in KVM's leaves."
sees shadow "each window has leaves of its own, of the smaller size, so all but 2M on 2M fault and cost alike."

part "questions"
question "2M pages in the guest over leaves of 4K, four levels each: how many references at most?" 19 \
	'.list.count' model --guest-page 2M --host-page 4K
question "how many faults does first contact with 4M take through 4K guest pages and the slot with leaves of 4K?" \
	"ept=1024 npt=1024 shadow=1024" \
	'.twin[0].windows[] | select(.guest_leaf_bytes == 4096 and .host_leaf_bytes == 4096).first_faults' \
	run -m 64M --backing thp --prealloc --workload twin --working-set 4M --accesses 512 --repeat 1
question "and through the slot with leaves of 2M?" "ept=2 npt=2 shadow=1024" \
	'.twin[0].windows[] | select(.guest_leaf_bytes == 4096 and .host_leaf_bytes == 2097152).first_faults' \
	run -m 64M --backing thp --prealloc --workload twin --working-set 4M --accesses 512 --repeat 1
finish
