#!/bin/sh
# Lesson 3: huge pages in the guest only, in the host only, in both. Which half of the walk each of them shortens.
. "${0%/*}/lesson.sh"

lesson 3 "huge pages in the guest only, in the host only, in both"
say "A 2M page ends a walk one level earlier. In the guest that takes away one guest entry and the host walk in front of it." \
	"In the host it takes away the last entry of every host walk. Which one gains more?"

part "predict"
say "The whole table. Rows are the guest's pages, columns the host's."
try model
say "2M on one side: 4 levels by 3. The grid is not square, but multiplication does not mind: (3+1)(4+1)-1 = (4+1)(3+1)-1."

part "run"
say "The same address before and after, in each dimension alone and in both (transparent huge pages, so that no pool is needed)."
live explain -m 64M --before-after guest:2M
live explain -m 64M --before-after host:2M
live explain -m 64M --before-after 2M

part "what one sees"
sees ept "24 references become 19, 19 and 15. But a TLB entry takes the smaller page, so only 'both' also multiplies the reach."
sees npt "with four levels on the host as with EPT; with five, 29 become 23, 24 and 19."
sees shadow "the shadow table's leaf is the smaller page: 4 references stay 4 with one side alone and become 3 with both."

part "questions"
question "guest 2M on host 4K, four levels each: how many references at most?" 19 \
	'.list.count' model --guest-page 2M --host-page 4K
question "how many with 2M in both?" 15 '.list.count' model --guest-page 2M --host-page 2M
question "on this host, live: how many references does 2M in both dimensions save against 4K in both?" \
	"ept=9 shadow=1" \
	'.explanations[0].references_total - .explanations[1].references_total' explain -m 64M --before-after 2M
finish
