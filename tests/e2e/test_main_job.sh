#!/usr/bin/env bash
# The main job as a newcomer types it: minivmm --mem-path MOUNT [--prealloc], all else by default. The text shows what
# was asked, what was observed, the pool's five moments and all three workloads; lazy and preallocated differ where
# they should. It could break in the defaults, which every other test replaces to be quick.
. "$(dirname "$0")/lib.sh"

need_build
need_kvm
need_tool jq

if ! pool_reserve 2M 512; then
	skip_all "the main job" "$pool_reason"
elif ! mount_at mnt-2M hugetlbfs pagesize=2M; then
	skip_all "the main job" "hugetlbfs cannot be mounted: $(cat "$T/mount.log")"
fi
CASE_TIMEOUT=300
before=$(host_state)

for mode in lazy --prealloc; do
	words=()
	[ $mode = lazy ] || words=("$mode")
	case_record --mem-path "$T/mnt-2M" "${words[@]}"
	want_status 0
	want_schema
	for row in asked observed before mapped populated ran closed touch packed chase verdict; do
		want_text "^ *$row"
	done
	want_json '.requested.memory_bytes == 1073741824 and .observed.page_bytes == 2097152' "1G on 2M pages"
	want_json '.pool.closed == .pool.before' "nothing lost"
	want_json '.pool.mapped.reserved - .pool.before.reserved == 512' "all reserved at once"
	if [ $mode = lazy ]; then
		want_json '.pool.populated.free == .pool.before.free' "none taken before the guest runs"
	else
		want_json '.pool.before.free - .pool.populated.free == 512' "all taken before the guest runs"
	fi
	want_json '[.results[].workload] | unique == ["chase", "packed", "touch"]' "the three workloads"
	want_json '[.results[] | select(.may_exit | not) | .exits] | all(. == 0)' "quiet timed parts"
	conclude "minivmm --mem-path MOUNT, $mode"
done

problems=()
want_same_host "$before"
conclude "nothing left behind"
tap_done
