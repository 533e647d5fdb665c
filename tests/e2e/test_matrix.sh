#!/usr/bin/env bash
# The two dimensions are the ones claimed: every backing (matrix.tsv) x guest page x {lazy, prealloc}, with the
# kernel's page size, KVM's installed leaves, the pool's books and quiet timed parts asserted from the record.
# It could break wherever a mapping is advised too late, misaligned, or populated by someone else's page size.
. "$(dirname "$0")/lib.sh"

need_build
need_kvm
need_tool jq

MIB=$((1 << 20))
declare -A bytes=([4K]=4096 [2M]=$((2 * MIB)) [1G]=$((1024 * MIB)))
declare -A pool_why=([2M]="" [1G]="")
WORKING_SET=32

# Pools for the largest case: 2 GiB of either size (a 1G guest page needs an arena beyond the first GiB).
prepare() {
	local size
	for size in 2M 1G; do
		if ! pool_reserve $size $((2048 * MIB / bytes[$size])); then
			pool_why[$size]=$pool_reason
		elif ! mount_at mnt-$size hugetlbfs pagesize=$size; then
			pool_why[$size]="hugetlbfs cannot be mounted: $(cat "$T/mount.log")"
		fi
	done
	mount_at mnt-tmpfs tmpfs size=3G || tmpfs_why="tmpfs cannot be mounted"
}

# Why this backing cannot be tried here; nothing where it can.
missing() {
	local page=$1 needs=$2 arguments=$3
	case $needs in
	pool) echo "${pool_why[$page]}" ;;
	thp)
		! grep -q '\[never\]' /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null ||
			echo "transparent huge pages are switched off on this host"
		[ -e /sys/kernel/mm/transparent_hugepage/enabled ] || echo "no transparent huge pages in this kernel"
		;;
	esac
	[[ $arguments != *'{tmpfs}'* ]] || echo "${tmpfs_why-}"
}

# The leaf that the second dimension must show: under EPT and NPT the backing's, under shadow paging the smaller.
expected_leaf() {
	local guest=${bytes[$1]} backing=${bytes[$2]}
	case $(json .host.second_dimension) in
	ept | npt) echo "$backing" ;;
	shadow) echo $((guest < backing ? guest : backing)) ;;
	*) echo 0 ;;
	esac
}

# At least the working set in leaves of the expected size. Larger leaves: none but the few that map the guest's own
# image. (Smaller ones are allowed: the first 2 MiB of the guest have 4K pages.)
want_leaves() {
	local leaf
	leaf=$(expected_leaf "$1" "$2")
	case $leaf in
	0) problem "second_dimension is $(json .host.second_dimension)" ;;
	4096) want_json ".observed.second_dimension | .pages_4k >= $((WORKING_SET * 256)) and .pages_2m <= 8 and .pages_1g == 0" "4K leaves" ;;
	$((2 * MIB))) want_json ".observed.second_dimension | .pages_2m >= $((WORKING_SET / 2)) and .pages_1g == 0" "2M leaves" ;;
	*) want_json ".observed.second_dimension.pages_1g >= 1" "1G leaves" ;;
	esac
}

# Reserved but not taken, or taken: the difference between lazy and preallocated, and nothing lost at the end.
want_pool() {
	local mode=$1
	want_json '.pool.closed == .pool.before' "the pool is as it was before"
	local pages='(.requested.memory_bytes / .pool.page_bytes) as $pages | .pool |'
	want_json "$pages .mapped.free == .before.free and .mapped.reserved - .before.reserved == \$pages" \
		"mapping reserves every page and takes none"
	if [ "$mode" = lazy ]; then
		want_json '.pool | .populated == .mapped and .ran.free < .before.free' "only touched pages are taken"
	else
		want_json "$pages .before.free - .populated.free == \$pages and .populated.reserved == .before.reserved" \
			"preallocation takes every page"
	fi
}

run_case() {
	local name=$1 page=$2 memory=$3 needs=$4 arguments=$5 guest=$6 mode=$7
	[ "$guest" != 1G ] || memory=2G
	# The pools' pages are there already.
	if [ "$mode" = prealloc ] && [ "$needs" != pool ] && [ "$(available_mib)" -lt $(($(numfmt --from=iec "$memory") / MIB + 128)) ]; then
		tap_skip "$name guest $guest $mode" "less than $memory of memory are available"
		return
	fi
	read -r -a words <<<"$arguments"
	[ "$mode" = lazy ] || words+=(--prealloc)
	case_record -m "$memory" "${words[@]}" --guest-page "$guest" --workload touch,chase \
		--working-set "${WORKING_SET}M" --repeat 3 --accesses 100000
	if [ "$guest" = 1G ] && [ "$status" = 77 ]; then
		want_text '1 ?G'
		want_text 'pdpe1gb|CPUID'
		if [ ${#problems[@]} = 0 ]; then
			tap_skip "$name guest $guest $mode" "this guest CPU has no 1G pages (said so with status 77)"
			return
		fi
	fi
	want_status 0
	want_schema
	want_json '.verdict == "ok"' "verdict"
	want_json ".requested.page_bytes == ${bytes[$page]} and .observed.page_bytes == ${bytes[$page]}" "page size"
	want_json ".requested.guest_page_bytes == ${bytes[$guest]}" "guest page"
	want_json '.observed.gpa_hva_congruent' "gpa and hva congruent"
	want_json '[.results[] | select(.workload == "chase" or .variant == "second") | .exits] | length >= 2 and all(. == 0)' \
		"timed parts exit nowhere"
	want_leaves "$guest" "$page"
	[ "$needs" != pool ] || want_pool "$mode"
	conclude "$name guest $guest $mode"
}

prepare
before=$(host_state)
while IFS=$'\t' read -r name page memory needs arguments; do
	[[ $name != '#'* ]] && [ -n "$name" ] || continue
	why=$(missing "$page" "$needs" "$arguments")
	arguments=${arguments//\{2M\}/$T/mnt-2M}
	arguments=${arguments//\{1G\}/$T/mnt-1G}
	arguments=${arguments//\{tmpfs\}/$T/mnt-tmpfs}
	for guest in 4K 2M 1G; do
		for mode in lazy prealloc; do
			if [ -n "$why" ]; then
				tap_skip "$name guest $guest $mode" "$why"
			else
				run_case "$name" "$page" "$memory" "$needs" "$arguments" "$guest" "$mode"
			fi
		done
	done
done <tests/e2e/matrix.tsv

problems=() command_line=(matrix)
want_same_host "$before"
conclude "the matrix leaves nothing behind"
tap_done
