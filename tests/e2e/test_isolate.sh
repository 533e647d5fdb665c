#!/usr/bin/env bash
# Each workload isolates what it says it does: figures are compared within one run or with their own control, never with
# absolute times. It could break where a part measures something else as well, or nothing.
. "$(dirname "$0")/lib.sh"

need_build
need_kvm
need_tool jq

# Words for filters. least: the least figure of the row that is asked for.
WORDS='
	def rows($workload; $variant): .results[] | select(.workload == $workload and .variant == $variant);
	def least($workload; $variant; $pages): [rows($workload; $variant) | select(.pages == $pages) | .min][0];
	def alias($pages; $stride): [.results[] |
		select(.workload == "alias" and .pages == $pages and .stride_bytes == $stride) | .min][0];
	def flat: (max / min) < 1.3;
	def shadow: .host.second_dimension == "shadow";
'
want() {
	want_json "$WORDS $1" "${@:2}"
}

# A busy machine may spoil one run, hardly three in a row.
attempts() {
	local try
	for try in 1 2 3; do
		"$@"
		[ ${#problems[@]} != 0 ] || return
	done
}

# Translations grow, data does not: the same 64 lines of one page, through ever more addresses. Any second TLB holds 128
# pages and none holds 16384; Zen 5's holds 4096, all but those that fall into one set by chance.
aliases_rise() {
	case_record -m 256M --workload alias,packed --working-set 64K,256K,512K,2M,64M --repeat 7 --accesses 50000
	want_status 0
	want_schema
	want '[.results[].exits] | all(. == 0)' "quiet"
	want 'alias(16384; 4096) > 1.3 * alias(128; 4096)' "16384 pages cost more than 128 at a stride of 4K"
	want 'alias(16384; 1073741824) > 1.3 * alias(128; 1073741824)' "and at a stride of 1G"
	want 'alias(16384; 1073741824) > 1.3 * alias(16384; 4096)' "levels that the walk caches lost cost more"
	want 'alias(16384; 4096) > 1.3 * alias(16384; 64)' "more than the control"
	want '[alias((64, 128, 512, 16384); 64)] | flat' "the control, all in one page, is flat"
	want '[least("packed"; ""; (64, 128, 512))] | flat' "packed is flat while it fits the L1 cache"
}

# What an exit leaves behind in the TLB, against what a system call does. With VPID or ASIDs it is next to nothing.
REFILL='least("vpid"; "after-exit"; 256) - least("vpid"; "warm"; 256)'
exits_refill() {
	local native
	case_record native -m 64M --workload vpid --working-set 1M --repeat 9
	want_status 0
	want '[.results[].page_faults] | all(. == 0)' "no faults in it"
	[ ${#problems[@]} = 0 ] || return
	native=$(json "$WORDS $REFILL")
	case_record -m 64M --workload vpid --working-set 1M --repeat 9
	want_status 0
	want_schema
	want '[rows("vpid"; "warm") | .exits] == [0]' "warm stays in the guest"
	want '[rows("vpid"; "after-exit") | .exits == .operations / .pages] | all' "one exit a round"
	# A switch by software (kvm_pvm) drops the guest's translations on one CPU and keeps them, by tags, on another.
	want "($REFILL) > \$native - 1.5" "an exit costs the TLB no less than a system call" --argjson native "${native:-0}"
}

# Entries that start with A = D = 1 let KVM's shadow paging map eight neighbours at a fault; hardware does not care.
accessed_ahead() {
	local choice faults=()
	for choice in off on; do
		case_record -m 128M --prealloc --guest-ad $choice --workload "$1" --working-set 32M --repeat 1 --accesses 20000
		want_status 0
		want_json ".requested.accessed_dirty == $([ $choice = on ] && echo true || echo false)" "told"
		[ ${#problems[@]} = 0 ] || return
		faults+=("$(json .observed.kvm_page_faults)")
	done
	want 'if shadow then $off / $on > 7 and $off / $on < 9 else $off == $on end' \
		"faults of the whole run: off ${faults[0]}, on ${faults[1]}" --argjson off "${faults[0]:-0}" --argjson on "${faults[1]:-1}"
}

# A guest of 1G on 16M: every page of it is there for the guest and for KVM, none more for the host.
repeats() {
	case_record -m 1G --alias-memory 16M --workload touch,scatter --working-set 1G --guest-page 2M --accesses 2000 --repeat 2 "$@"
	want_status 0
	want_schema
	want_json '.observed.memory_slots == 65' "64 slots and the guest's own"
	want_json '.observed.gpa_hva_congruent' "congruent"
	want_json '.observed.rss_bytes <= 16777216 + 16777216' "the host has 16M, and the guest's own"
	want_json '.observed.kvm_tables_bytes == null or .observed.kvm_tables_bytes >= 0' "KVM's tables"
	want '[rows("touch"; "second"), rows("scatter"; "") | .exits] | all(. == 0)' "quiet"
}

# Where KVM interprets ring 0, its loops have counts but no figures, and the row says why.
ring0() {
	case_record -m 128M --smp 2 --workload tpr,cr8,remap,shootdown --working-set 64K --accesses 16 --repeat 2
	want_status 0
	want_schema
	want_json '.observed.ring0_slowdown > 0' "the rings were compared"
	want_json '(.observed.ring0_slowdown > 16) as $interpreted | [.results[] |
		select(.workload != "tpr" or (.variant | test("cr8|x2apic"))) | select(.operations != null)] | length >= 20 and
		all(if $interpreted then .samples == [] and .min == null and (.note | test("interprets ring 0"))
			else (.samples | length) == 2 and .min > 0 end)' "figures, or the reason why not"
	want_json '[.results[] | .exits] | all(. != null)' "counts in either case"
}

attempts aliases_rise
conclude "alias rises with pages and levels, its control and packed stay flat"

attempts exits_refill
conclude "vpid: hot pages after an exit against after a system call"

for name in touch chase; do
	accessed_ahead $name
	conclude "--guest-ad: faults of $name, 8 : 1 under shadow paging"
done

repeats
want_json '[.results[] | select(.variant == "first") | .page_faults] | all(. > 0 and . <= 262144)' "faults"
want_json '.observed.second_dimension.pages_4k >= 262144' "a leaf for every page of the guest"
conclude "--alias-memory: 64 slots over 4K pages"

if pool_reserve 2M 16; then
	repeats --backing hugetlb --page-size 2M
	want_json '[.results[] | select(.variant == "first") | .page_faults] == [512]' "a fault for each 2M"
	want_json '.observed.second_dimension.pages_2m >= 512' "a leaf for each 2M of the guest"
	want_json '.pool.closed == .pool.before' "the pool is as before"
	conclude "--alias-memory: 64 slots over 2M pages"
else
	tap_skip "--alias-memory: 64 slots over 2M pages" "$pool_reason"
fi
pool_restore

case_run -m 31T --alias-memory 512M --guest-page 2M --workload touch
want_text 'memory slots|physical address'
[ "$status" = 2 ] || [ "$status" = 77 ] || problem "exit status $status, expected 2 or 77"
conclude "more aliased slots, or addresses, than KVM has"

ring0
conclude "workloads of ring 0: figures, or counts and the reason"
tap_done
