#!/usr/bin/env bash
# Grow a hugetlb pool on purpose, and give back exactly what was added.
#
#   hugepages.sh reserve 2M|1G COUNT            make COUNT pages available (free and not reserved)
#   hugepages.sh reserve 2M|1G COUNT --node N   make COUNT pages free on that NUMA node
#   hugepages.sh restore                        take away again what reserve added, node by node
#   hugepages.sh show                           the pools as they are
#
# Every write is told on stderr and in a log (MINIVMM_POOL_LOG). What is about to be added is noted beforehand in a
# state file (MINIVMM_POOL_STATE), so that restore also works after this script was killed. Only the difference is
# taken back: two users of one host do not undo each other's pools.
set -u
. "$(dirname "$0")/lib.sh"

state=${MINIVMM_POOL_STATE:-$(state_file pool)}
log=${MINIVMM_POOL_LOG:-$state.log}
# Another /sys and /proc than this host's, for tests.
root=${MINIVMM_POOL_ROOT-}

usage() {
	warn "usage: hugepages.sh reserve 2M|1G COUNT [--node N] | restore | show"
	exit 2
}

# note LEVEL TEXT: to the log with time and process, and to stdout (say) or stderr (warn).
note() {
	"$1" "hugepages: $2"
	printf '%s hugepages[%d]: %s\n' "$(date '+%Y-%m-%dT%H:%M:%S%z')" $$ "$2" >>"$log"
}

# The directory of a pool: of a node's part, or with "-" of the whole.
pool_dir() {
	local name
	name=hugepages-$(hugepage_kib "$1")kB
	if [ "$2" = - ]; then
		echo "$root/sys/kernel/mm/hugepages/$name"
	else
		echo "$root/sys/devices/system/node/node$2/hugepages/$name"
	fi
}

# count SIZE NODE FILE, 0 where it is not there.
count() {
	cat "$(pool_dir "$1" "$2")/$3" 2>/dev/null || echo 0
}

# Pages that stay when they are unused: what nr_hugepages takes when written. Surplus pages go by themselves.
persistent() {
	echo $(($(count "$1" "$2" nr_hugepages) - $(count "$1" "$2" surplus_hugepages)))
}

# The nodes that have a part of the pool; "-" where the kernel knows no nodes.
nodes_of() {
	local dir found=
	for dir in "$root"/sys/devices/system/node/node*/hugepages/hugepages-"$(hugepage_kib "$1")"kB; do
		[ -e "$dir/nr_hugepages" ] || continue
		dir=${dir#"$root"/sys/devices/system/node/node}
		found+=" ${dir%%/*}"
	done
	echo "${found:--}"
}

# why_not_written FILE ERROR: what keeps this user from writing it, and who can.
why_not_written() {
	if awk '$2 ~ "^/sys" && $4 ~ /^ro(,|$)/ { ro = 1 } END { exit !ro }' /proc/self/mounts 2>/dev/null &&
		[[ $2 == *[Rr]ead-only* ]]; then
		echo "/sys is mounted read-only here. Who starts this container grows the pool outside of it, or starts it with --privileged"
	elif ! can_root; then
		echo "root is needed"
	else
		echo "${2:-it failed}; a security module or the container may refuse it: do it on the host"
	fi
}

# Ask for a count and tell what came of it. The kernel may grant less, and says so only in the count.
set_count() {
	local file before why
	file=$(pool_dir "$1" "$2")/nr_hugepages
	before=$(count "$1" "$2" nr_hugepages)
	if [ -n "$root" ]; then
		why=$(printf '%s\n' "$3" 2>&1 >"$file")
	else
		why=$(root_write "$file" "$3" 2>&1)
	fi || die "cannot write $file: $(why_not_written "$file" "${why##*: }")"
	note warn "$file: $before -> $3, has $(count "$1" "$2" nr_hugepages)"
}

# The kernel compacts memory when asked; freed fragments often make the missing pages.
grow_to() {
	local size=$1 node=$2 want=$3 try
	for try in 1 2 3; do
		set_count "$size" "$node" "$want"
		[ "$(count "$size" "$node" nr_hugepages)" -ge "$want" ] && return 0
		note say "$size pool has $(count "$size" "$node" nr_hugepages) of $want pages; compacting memory (try $try)"
		[ -n "$root" ] || root_write /proc/sys/vm/compact_memory 1 2>/dev/null
	done
	return 1
}

# What may go into a pool: available memory less the sixteenth that everybody else needs to go on, as minivmm pool plan
# reckons (vmm/host/meminfo.c), so that what the one proposes the other does.
spare_kib() {
	local host node
	host=$(awk '/^MemTotal:/ { others = int($2 / 16) }
		/^MemAvailable:/ { spare = $2 - others; print (spare > 0 ? spare : 0) }' "$root/proc/meminfo")
	[ "$1" = - ] && echo "${host:-0}" && return
	node=$(awk '/ (MemFree|Active\(file\)|Inactive\(file\)|SReclaimable):/ { sum += $4 } END { print sum + 0 }' \
		"$root/sys/devices/system/node/node$1/meminfo" 2>/dev/null)
	echo $((node < host ? node : host))
}

# The state file, oldest line first:
#   boot ID                        the kernel that all this is about
#   begin SIZE NODE BEFORE MOST    about to add up to MOST pages to BEFORE persistent ones
#   added SIZE NODE PAGES          what came of the begin before
#   back SIZE NODE TARGET          about to shrink to that many persistent pages
# Well-formed lines only: they go into arithmetic.
state_lines() {
	[ -e "$state" ] || return 0
	grep -xE '(begin|added|back) (2M|1G) ([0-9]{1,3}|-) [0-9]{1,12}( [0-9]{1,12})?' "$state"
}

state_add() {
	[ -e "$state" ] || printf 'boot %s\n' "$(boot_id)" >"$state" || die "cannot write $state"
	printf '%s\n' "$*" >>"$state" || die "cannot write $state"
}

# All that is to be given back, as "SIZE NODE PAGES"; a begin without its added is measured.
to_return() {
	local word size node value most key now
	local -A pending=() sums=()
	while read -r word size node value most; do
		key="$size $node"
		case $word in
		begin) pending[$key]="$value $most" ;;
		added)
			sums[$key]=$((${sums[$key]:-0} + value))
			unset "pending[$key]"
			;;
		esac
	done < <(state_lines)
	for key in "${!pending[@]}"; do
		read -r value most <<<"${pending[$key]}"
		read -r size node <<<"$key"
		now=$(($(persistent "$size" "$node") - value))
		now=$((now > most ? most : now))
		[ $now -le 0 ] || sums[$key]=$((${sums[$key]:-0} + now))
	done
	for key in "${!sums[@]}"; do
		[ "${sums[$key]}" -le 0 ] || echo "$key ${sums[$key]}"
	done
}

# Shrink to a count of persistent pages. Older kernels misread a node's count by the surplus pages of the others, so
# what came of the first write corrects the second.
shrink_to() {
	local size=$1 node=$2 target=$3 ask=$3 try over
	for try in 1 2 3; do
		set_count "$size" "$node" "$ask"
		over=$(($(persistent "$size" "$node") - target))
		[ $over -gt 0 ] || return 0
		ask=$((ask > over ? ask - over : 0))
	done
	return 1
}

# Shrink as the "back" lines say. Doing it twice does no harm.
go_back() {
	local word size node target now status=0
	while read -r word size node target; do
		[ "$word" = back ] || continue
		now=$(persistent "$size" "$node")
		[ "$now" -gt "$target" ] || continue
		shrink_to "$size" "$node" "$target" || status=1
		note say "$size pool$([ "$node" = - ] || echo " of node $node"): persistent $now -> $(persistent "$size" "$node")"
		[ "$(count "$size" "$node" surplus_hugepages)" = 0 ] ||
			note warn "$(count "$size" "$node" surplus_hugepages) pages of $size are still in use: they go when their users end"
	done < <(state_lines)
	return $status
}

restore() {
	local size node pages now next status=0
	if state_lines | grep -q '^back '; then
		go_back || status=1
		rm -f "$state"
		return $status
	fi
	[ -e "$state" ] || return 0
	# The intention first, all at once: after a kill from here on the same command works again.
	next=$state.next
	{
		printf 'boot %s\n' "$(boot_id)"
		to_return | while read -r size node pages; do
			now=$(persistent "$size" "$node")
			echo "back $size $node $((now > pages ? now - pages : 0))"
		done
	} >"$next" && mv -f "$next" "$state" || die "cannot write $state"
	go_back || status=1
	rm -f "$state"
	return $status
}

# What an earlier call that was killed left unfinished: finish a restore, measure a reserve.
settle() {
	local size node pages
	if state_lines | grep -q '^back '; then
		restore || return 1
	elif state_lines | grep -q '^begin '; then
		{
			printf 'boot %s\n' "$(boot_id)"
			to_return | while read -r size node pages; do
				echo "added $size $node $pages"
			done
		} >"$state.next" && mv -f "$state.next" "$state" || die "cannot write $state"
	fi
}

reserve() {
	local size=$1 pages=$2 node=$3 where="$1 pool" had missing want part status=0
	local -A before=()
	[ "$node" = - ] || where="$size pool of node $node"
	[ -e "$(pool_dir "$size" "$node")/nr_hugepages" ] || die "hugepages: this kernel has no $where"
	settle || return 1
	had=$(count "$size" "$node" free_hugepages)
	[ "$node" = - ] && had=$((had - $(count "$size" - resv_hugepages)))
	missing=$((pages - had))
	if [ $missing -le 0 ]; then
		note say "$where: $had pages available, nothing to do"
		return 0
	fi
	if [ $((missing * $(hugepage_kib "$size"))) -gt "$(spare_kib "$node")" ]; then
		note warn "$missing more $size pages are more than the $(($(spare_kib "$node") / 1024)) MiB that can be spared"
		return 1
	fi
	[ -n "$root" ] || can_root || die "hugepages: $missing more $size pages are needed; only root can add them"
	# The kernel spreads pages over the nodes as it likes: what each of them got is given back to each.
	want=$(($(count "$size" "$node" nr_hugepages) + missing))
	for part in $([ "$node" = - ] && nodes_of "$size" || echo "$node"); do
		before[$part]=$(persistent "$size" "$part")
		state_add begin "$size" "$part" "${before[$part]}" "$((missing + $(count "$size" "$part" surplus_hugepages)))"
	done
	grow_to "$size" "$node" "$want" || status=1
	for part in "${!before[@]}"; do
		state_add added "$size" "$part" "$(($(persistent "$size" "$part") - before[$part]))"
	done
	note say "$where: total $((want - missing)) -> $(count "$size" "$node" nr_hugepages)"
	[ $status = 0 ] || note warn "only $(($(count "$size" "$node" nr_hugepages) - want + pages)) of $pages $size pages could be had (memory is short or in pieces)"
	return $status
}

show() {
	local size node
	for size in 2M 1G; do
		say "$size: total $(count $size - nr_hugepages) free $(count $size - free_hugepages)" \
			"reserved $(count $size - resv_hugepages) surplus $(count $size - surplus_hugepages)" \
			"mount $(hugetlbfs_mount $size || echo none)"
		for node in $(nodes_of $size); do
			[ "$node" = - ] || say "$size node $node: total $(count $size "$node" nr_hugepages)" \
				"free $(count $size "$node" free_hugepages) surplus $(count $size "$node" surplus_hugepages)"
		done
	done
}

# One at a time; children inherit the lock, so that a restore waits for the last write of a call that was killed.
one_at_a_time() {
	private_place "$log"
	private_place "$state"
	take_turn "$state.lock"
	state_check "$state"
}

case ${1-} in
reserve)
	if ! { [ $# = 3 ] || [ $# = 5 ]; } || ! hugepage_kib "$2" >/dev/null || ! [[ $3 =~ ^[1-9][0-9]{0,8}$ ]]; then
		usage
	fi
	if [ $# = 5 ] && ! { [ "$4" = --node ] && [[ $5 =~ ^(0|[1-9][0-9]{0,2})$ ]]; }; then
		usage
	fi
	one_at_a_time
	reserve "$2" "$3" "${5--}"
	;;
restore)
	[ $# = 1 ] || usage
	one_at_a_time
	restore
	;;
show) show ;;
*) usage ;;
esac
