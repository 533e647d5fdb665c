#!/bin/sh
# Lesson 8: what giving memory back costs. Balloons, swap and merging, and why huge pages are no friends of theirs.
. "${0%/*}/lesson.sh"

lesson 8 "what giving memory back costs"
say "A host that has promised more memory than it has takes some of it back: by a balloon in the guest, by swap, by merging" \
	"equal pages. All three work on pages of 4K. A huge page has to be split for that, or cannot be taken at all. overcommit" \
	"has the host do each of them to 4M of the guest's memory; then the guest writes once to each of its 1024 pages and looks" \
	"what is left in them."

part "predict"
say "4M of THP are two pages of 2M. A balloon that takes the first 4K of each gives back 8K. The second dimension had two leaves; to" \
	"map what is left it needs 1024 of 4K, and each comes by a fault. Given back whole, the same memory comes with two faults."

part "run"
say "Look at 'given', at the leaves before and after, and at the faults of the return. page-out needs swap (scripts/swap.sh on)" \
	"and merge needs KSM (scripts/ksm.sh on); without, their rows say so."
live run -m 64M --backing thp --guest-page 2M --workload overcommit --working-set 4M

part "what one sees"
sees ept "balloon-4k gives back 8K and costs both large leaves and 1024 faults; balloon-leaf gives back 4M and costs 2. collapse brings the large leaves back, by 2 faults."
sees npt "the same counts as with EPT."
sees shadow "the same memory is given back; KVM may map neighbours along, so there are fewer faults."

part "questions"
question "2M come back by pages of 4K: how many faults is that?" 512 \
	'.scale.populate.faults' model -m 2M --guest-page 4K --host-page 4K
question "balloon-4k took the first 4K of both THPs: how many bytes has the host back?" "ept=8192 npt=8192 shadow=8192" \
	'.results[] | select(.variant == "balloon-4k").given_back_bytes' \
	run -m 64M --backing thp --guest-page 2M --workload overcommit --working-set 4M
question "and how many faults does the return to all 1024 pages take?" "ept=1024 npt=1024" \
	'.results[] | select(.variant == "balloon-4k").page_faults' \
	run -m 64M --backing thp --guest-page 2M --workload overcommit --working-set 4M
finish
