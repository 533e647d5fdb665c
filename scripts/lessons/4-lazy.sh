#!/bin/sh
# Lesson 4: lazy against preallocated. Which faults --prealloc saves, and which it does not.
. "${0%/*}/lesson.sh"

lesson 4 "lazy against preallocated"
say "Guest memory that was never touched has no pages behind it. Its first touch leaves the guest, and two things are missing: the" \
	"second dimension's entry, so KVM is called; and the host's page, so KVM asks the kernel for one. --prealloc takes the" \
	"host's pages beforehand. It does not fill the second dimension's tables: only --prefault does, where KVM can."

part "predict"
say "Faults are bytes / page. This is what a 16T guest would have, on 4K and on 1G pages of the host:"
try model -m 16T --guest-page 4K --host-page 4K
try model -m 16T --guest-page 4K --host-page 1G

part "run"
say "4M, touched page by page, first lazily, then preallocated. Look at 'faults' and '/op' of 'touch first', and at its cycles."
live run -m 64M --workload touch --working-set 4M
live run -m 64M --workload touch --working-set 4M --prealloc

part "what one sees"
sees ept "as many EPT violations either way, one for each 4K page; with --prealloc each of them is cheaper, because the page is there. (Only KVM's older code, kvm.tdp_mmu=N, maps up to seven neighbours that are there, too: an eighth of the violations.)"
sees npt "the same with nested page faults. On 2M pages of the host there are 2 in place of 1024."
sees shadow "one fault for each entry of the shadow table, whose leaf is the smaller page; each costs more, as KVM walks the guest's table."

part "questions"
question "how many faults populate a guest of 16T on 4K pages of the host?" 4294967296 \
	'.scale.populate.faults' model -m 16T --guest-page 4K --host-page 4K
question "how many faults does the first touch of 4M take on this host, lazily, 4K pages?" \
	"ept=1024 npt=1024 shadow=1024" '[.results[] | select(.variant == "first")][0].page_faults' \
	run -m 64M --workload touch --working-set 4M
# The MMU that came before the tdp_mmu maps neighbours along, where their pages are there.
preallocated="ept=1024 npt=1024 shadow=1024"
[ "$lesson_tdp_mmu" != N ] || preallocated="shadow=1024"
question "and preallocated?" "$preallocated" \
	'[.results[] | select(.variant == "first")][0].page_faults' \
	run -m 64M --workload touch --working-set 4M --prealloc
finish
