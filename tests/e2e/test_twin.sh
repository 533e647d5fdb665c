#!/usr/bin/env bash
# twin over a whole VM: windows of every pair of leaves that this host has show the same bytes, faults and leaves are those
# of theory, the walks do not exit, and a sweep has the differences over VMs. It could break where a slot's shift, the
# guest's tables and the host's leaf disagree, or where VMM and guest divide the samples differently.
. "$(dirname "$0")/lib.sh"

need_build
need_tool jq

case_run native -m 256M --workload twin --working-set 4M
want_status 2
want_text 'needs a guest'
conclude "natively there is no second dimension"

need_kvm
case_run run -m 256M --smp 2 --workload twin --working-set 4M
want_status 2
want_text 'one vCPU'
conclude "two vCPUs are refused"

case_run run -m 2G --alias-memory 64M --workload twin --working-set 4M
want_status 2
want_text 'distinct memory'
conclude "aliased memory is refused"

case_run run -m 64M --workload twin --working-set 54M
want_status 2
want_text '\-\-memory'
conclude "a set that leaves no room for its windows' tables is refused, with the memory that is enough"

# The controls are wrong by chance once in a thousand times, and a busy host may exit at any time: either is "disturbed".
want_windows() {
	want_status 0
	want_schema
	want_json '.twin | length == 1' "one table"
	want_json '[.twin[0].windows[] | select(.unavailable == null)] | length >= $least and all(.median > 0)' "windows" --argjson least "$1"
	want_json '[.results[] | select((.variant | startswith("first-")) and .samples != []) | .checksum] | unique | length == 1' \
		"the same bytes through all windows"
	want_json '.twin[0] as $t | [.results[] | select(.samples != [] and (.variant | test("^(4K|2M|1G)/|packed|again")))] |
		length == $t.entries and all(.samples | length == $t.blocks)' "whole blocks"
	want_json '[.twin[0].windows[] | select(.guest_leaf_bytes == 4096 and .host_leaf_bytes == 4096) | .first_faults] == [1024]' \
		"a fault for each page of the first window"
	want_json '.observed.gpa_hva_congruent' "views do not make the arena's slots incongruent"
}

case_record run -m 128M --backing anon --prealloc --workload twin --working-set 4M --repeat 1 --accesses 4096
want_windows 1
want_json '[.twin[0].windows[] | select(.host_leaf_bytes > 4096) | .unavailable] | all(test("backing"))' "why there are no others"
conclude "4K pages: one view"

if pool_reserve 2M 64 && mount_at mnt-2M hugetlbfs pagesize=2M; then
	case_record run -m 128M --mem-path "$T/mnt-2M" --prealloc --workload twin --working-set 4M --repeat 1 --accesses 4096
	want_windows 4
	want_json '.observed.memory_slots == 3' "two views"
	want_json '[.twin[0].windows[] | select(.unavailable == null and .leaf_bytes == 2097152 and .guest_leaf_bytes == 2097152) | .first_faults] == [2]' \
		"a fault for each 2M leaf"
	want_json '.twin[0] | .null_same_window.blocks == .blocks and .layout.blocks == .blocks' "controls over all blocks"
	want_text '^null  '
	conclude "2M pages: four windows or six"
	want_sweep=yes
else
	tap_skip "2M pages: four windows or six" "${pool_reason:-$(cat "$T/mount.log")}"
	want_sweep=no
fi
if [ $want_sweep = yes ]; then
	case_run sweep --preset twin --backing "path:$T/mnt-2M" --working-set 4M --allocations 2 --repeat 1 --accesses 4096 --json "$T/sweep.json"
	want_status 0
	[ "$(jq -r '[.twins[] | select(.what == "translation")] | length >= 3' "$T/sweep.json")" = true ] || problem "no costs"
	[ "$(jq -c '[.twins[] | select(.what != "translation") | .what]' "$T/sweep.json")" = '["null","layout"]' ] || problem "no controls"
	want_text '^twin  '
	conclude "a sweep has the differences over VMs"
fi
pool_restore
tap_done
