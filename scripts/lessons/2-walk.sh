#!/bin/sh
# Lesson 2: the walk. What the CPU reads when no TLB knows an address, in one dimension and in two.
. "${0%/*}/lesson.sh"

lesson 2 "the walk"
say "When no TLB knows an address, the CPU reads page tables: four entries for a 4K page. In a guest each of those entries lies" \
	"at a guest-physical address, and so does the data: each of these five addresses has to be translated by the host's tables" \
	"before it can be read."

part "predict"
say "Count before you look: five translations of four host entries each, and four guest entries between them."
try model --guest-page 4K --host-page 4K
say "Without a second dimension four references are left:"
try model --kind native --guest-page 4K

part "run"
say "Now a real guest. Its entries are read from its memory, as the CPU would; the word 'derived' marks what user space cannot" \
	"read. Watch the accessed (A) and dirty (D) bits: the guest reads the address, then writes it."
live explain -m 64M --guest-page 4K

part "what one sees"
sees ept "24 references at most; the guest's four entries are read, EPT's twenty are derived from the size of the host's page."
sees npt "the same grid with nested page tables. With five levels on the host (LA57) its rows are longer: 29."
sees shadow "four references: the CPU walks one table that KVM keeps. KVM reads the guest's table when it builds that one."

part "questions"
question "how many references does a miss make at most with 4K pages in both dimensions, four levels each?" 24 \
	'.list.count' model --guest-page 4K --host-page 4K
question "the guest's page tables, four levels: how many entries of the guest does explain read for a 4K page?" \
	"ept=4 npt=4 shadow=4" '[.explanations[0].walks[-1].steps[]] | length' explain -m 64M --guest-page 4K
question "is the dirty bit of the leaf set after the guest's write? (true or false)" \
	"ept=true npt=true shadow=true" '.explanations[0].walks[-1].steps[-1].flags | index("D") != null' \
	explain -m 64M --guest-page 4K
finish
