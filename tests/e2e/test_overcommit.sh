#!/usr/bin/env bash
# overcommit over a whole VM: what the host has back is what the kernel says, the guest finds zeros only where memory was
# given back, and a part that needs swap or KSM says so where there is none. It could break where an act reaches other
# memory than the working set, where the kernel's calls change, or where a part is left in what the one before made of it.
. "$(dirname "$0")/lib.sh"

need_build
need_tool jq

case_run run -m 128M --smp 2 --workload overcommit --working-set 8M
want_status 2
want_text 'one vCPU'
conclude "two vCPUs are refused"

case_run native -m 128M --workload overcommit --working-set 8M
want_status 2
want_text 'needs a guest'
conclude "natively there is nothing that a host takes back"

need_kvm

# row VARIANT FILTER WHAT
row() {
	want_json "[.results[] | select(.variant == \"$1\")] | length == 1 and (.[0] | $2)" "$1: $3"
}

want_common() {
	want_status 0
	want_schema
	want_json '[.results[].variant] == ["held", "balloon-leaf", "balloon-4k", "split", "collapse", "page-out", "merge"]' "the parts"
	row held '.page_faults == 0 and (has("act") | not) and .given_back_bytes == null and .zero_pages == null' "the control"
	row balloon-leaf ".given_back_bytes == 8388608 and .zero_pages == .pages" "all of it was given back, and is zero"
}

case_record run -m 128M --backing thp --guest-page 2M --workload overcommit --working-set 8M
want_common
row balloon-4k '.given_back_bytes == 16384 and .zero_pages == 4 and .act.before.leaves_2m - .act.after.leaves_2m == 4 and
	.act.after.huge_bytes == .act.before.huge_bytes - 8388608' "4 pages of 4K, and all four large leaves"
row split '.given_back_bytes == 0 and .zero_pages == 0 and .act.before.leaves_2m - .act.after.leaves_2m == 4' "nothing but the leaves"
row collapse '.note != "" or .act.after.huge_bytes == .act.before.huge_bytes + 8388608' "huge again, where the kernel can"
conclude "THP: each act does what it says"

case_record run -m 128M --workload overcommit --working-set 8M
want_common
row balloon-4k '.given_back_bytes == 16384 and .zero_pages == 4' "4 pages of 4K"
row collapse '.given_back_bytes == 0 and (.note | test("refused"))' "memory that is to have pages of 4K is not collapsed"
want_text 'note +overcommit collapse: the kernel refused that to 4 of 4 pieces'
conclude "4K pages: a refusal of the kernel is told, with the parts it is about"

case_record run -m 128M --backing memfd --workload overcommit --working-set 8M
want_common
row balloon-4k '.given_back_bytes == 16384 and .zero_pages == 4' "a hole in a shared file gives its page back"
conclude "shared memory is given back by holes"

if pool_reserve 2M 64 && mount_at mnt-2M hugetlbfs pagesize=2M; then
	case_record run -m 128M --mem-path "$T/mnt-2M" --workload overcommit --working-set 8M
	want_common
	want_json '[.results[] | select(.variant != "balloon-leaf" and .variant != "held")] | length == 5 and
		all(.page_faults == 0 and (.given_back_bytes // 0) == 0 and (.act == null or .act.before.leaves_2m == .act.after.leaves_2m))' \
		"no other act does anything to a pool's pages"
	conclude "hugetlb: only whole pages can be given back"
else
	tap_skip "hugetlb" "no pool of 2M pages can be had here"
fi

case_record run -m 64M --backing thp --workload overcommit --working-set 1M
want_status 0
want_json '[.results[] | select(.variant != "held")] | length == 6 and all(.samples == [] and .act == null and (.note | test("no whole page")))' \
	"why there are no figures"
conclude "a set without a whole page of the backing has no acts"

# What is off is switched on, used, and put back as it was.
overcommit_host() {
	cat /sys/kernel/mm/ksm/{run,pages_to_scan,sleep_millisecs} /proc/swaps 2>/dev/null
}
if ! is_root; then
	tap_skip "swap and KSM" "only root can switch them on"
elif [ "$(cat /sys/kernel/mm/ksm/run 2>/dev/null)" != 0 ] || [ "$(wc -l </proc/swaps)" != 1 ]; then
	tap_skip "swap and KSM" "this host has no KSM, or one of them is on already"
else
	before=$(overcommit_host)
	case_record run -m 128M --workload overcommit --working-set 8M
	row page-out '.samples == [] and .act == null and (.note | test("swap.sh on"))' "unavailable, with the cure"
	row merge '.samples == [] and .act == null and (.note | test("ksm.sh on"))' "unavailable, with the cure"
	conclude "without swap and KSM the parts say what switches them on"

	trap 'scripts/ksm.sh off; scripts/swap.sh off; cleanup' EXIT
	if scripts/ksm.sh on >"$T/ksm" 2>&1 && scripts/swap.sh on 64M >"$T/swap" 2>&1; then
		case_record run -m 128M --workload overcommit --working-set 8M
		want_common
		row page-out '.given_back_bytes == 8388608 and .zero_pages == 0 and .page_faults >= .pages / 8 and
			.act.after.swapped_out_pages - .act.before.swapped_out_pages >= .pages' "in swap, and back with its content"
		row merge '.given_back_bytes >= 8388608 * 0.9 and .zero_pages == 0 and .act.after.merged_pages == .pages and .page_faults >= .pages' \
			"merged, and separate again with its content"
		conclude "with both, memory is paged out and merged"
	else
		tap_skip "paged out and merged" "$(tail -n 1 "$T/ksm" "$T/swap" 2>/dev/null | xargs)"
	fi
	case_command sh -c 'scripts/ksm.sh off && scripts/swap.sh off'
	trap cleanup EXIT
	want_status 0
	[ "$before" = "$(overcommit_host)" ] || problem "changed: $(diff <(echo "$before") <(overcommit_host) | grep '^[<>]' | xargs)"
	[ ! -e /run/minivmm-ksm.state ] && [ ! -e /run/minivmm-swap.state ] || problem "a state file is left"
	conclude "the scripts put back what they changed"
fi
for words in "ksm.sh" "ksm.sh up" "ksm.sh on now" "swap.sh" "swap.sh on 1T" "swap.sh on 64M 2" "swap.sh off 1"; do
	read -r -a list <<<"$words"
	case_command "scripts/${list[0]}" "${list[@]:1}"
	want_status 2
	want_text '^usage'
	conclude "$words is usage"
done
tap_done
