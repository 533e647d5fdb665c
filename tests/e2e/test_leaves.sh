#!/usr/bin/env bash
# The headline truth on a whole GiB: 2M guest pages on 2M backing install 2M leaves (at least 500 of them), on 4K
# backing none. It could break by a misaligned mapping, which KVM answers with small leaves and no word.
. "$(dirname "$0")/lib.sh"

need_build
need_kvm
need_tool jq

touch_gib() {
	case_record -m 1G --guest-page 2M --workload touch --repeat 1 "$@"
	want_status 0
	want_json '.gpa_hva_congruent // .observed.gpa_hva_congruent' "congruent"
}

if pool_reserve 2M 512 && mount_at mnt-2M hugetlbfs pagesize=2M; then
	for mode in "" --prealloc; do
		touch_gib --mem-path "$T/mnt-2M" ${mode:+"$mode"}
		want_json '.observed.second_dimension.pages_2m >= 500' "at least 500 leaves of 2M"
		want_json '.pool.closed == .pool.before' "the pool is as before"
		conclude "2M guest pages on 2M backing ${mode:-lazy}"
	done
else
	tap_skip "2M guest pages on 2M backing" "${pool_reason:-$(cat "$T/mount.log")}"
fi
pool_restore

touch_gib --backing anon
want_json '.observed.second_dimension | .pages_2m == 0 and .pages_4k >= 250000' "no leaf of 2M"
conclude "2M guest pages on 4K backing"
tap_done
