#!/bin/sh
# Lesson 1: the reach of a TLB. How much memory can be used before the CPU forgets translations, and what large pages do.
. "${0%/*}/lesson.sh"

lesson 1 "the reach of a TLB"
say "A TLB keeps finished translations. Its reach is entries times page size: as long as what you touch fits into the reach," \
	"a translation costs nothing. This lesson needs no guest: one dimension is enough to see a reach."

part "predict"
say "Skylake's first TLB has 64 entries for 4K pages, its second 1536. So 64 pages should be free, 1024 pages should miss the" \
	"first TLB and hit the second, and 4096 pages should miss both. 'packed' touches as many cache lines without needing" \
	"translations; 'chase' needs one for each line. The difference is what translation costs."
try model --cpu skylake --kind native --guest-page 4K --workload packed,chase --working-set 256K,4M,16M
say "And with 2M pages: the same 16M are 8 pages."
try model --cpu skylake --kind native --guest-page 2M --workload chase --working-set 256K,4M,16M

part "run"
say "The same workloads on this machine, without a guest. Compare the column 'median' of chase and packed, and look where" \
	"they part."
try native -m 64M --workload packed,chase --working-set 256K,4M,16M --accesses 100000 --repeat 5

part "what one sees"
sees ept "in a guest the reach is entries x the smaller of guest page and host page: large pages in the guest alone do not help a TLB."
sees npt "as with EPT. AMD's manual says it outright (APM vol. 2, 15.25.9): a TLB entry takes the smaller of both page sizes."
sees shadow "the shadow table's leaf is that smaller page, so the reach is the same as with hardware's two tables."

part "questions"
question "how much memory does Skylake's second TLB reach with 4K pages, in bytes (1536 entries)?" 6291456 \
	'.scale.tlb.l2_bytes' model -m 1G --kind native --guest-page 4K --cpu skylake
question "how many of chase's accesses to 256K, one line in each of 64 pages, miss the first TLB?" 0 \
	'.simulation.rows[0].dtlb_misses' model --cpu skylake --kind native --guest-page 4K --workload chase --working-set 256K
question "and to 16M with 2M pages: how many walks are there?" 0 \
	'.simulation.rows[0].walks' model --cpu skylake --kind native --guest-page 2M --workload chase --working-set 16M
finish
