#!/usr/bin/env bash
# Grow a hugetlb pool on purpose, and give back exactly what was added.
#
#   hugepages.sh reserve 2M|1G COUNT   make COUNT pages available (free and promised to nobody)
#   hugepages.sh restore               take away again what reserve added
#   hugepages.sh show                  the pools as they are
#
# What was added is noted in a state file (MINIVMM_POOL_STATE), one "SIZE PAGES" line for each reserve. Only the
# difference is taken back, so that two users of one host do not undo each other's pools.
set -u
. "$(dirname "$0")/lib.sh"

state=${MINIVMM_POOL_STATE:-/tmp/minivmm-pool-$(id -u).state}

usage() {
	warn "usage: hugepages.sh reserve 2M|1G COUNT | restore | show"
	exit 2
}

pool_file() {
	echo "/sys/kernel/mm/hugepages/hugepages-$(hugepage_kib "$1")kB/nr_hugepages"
}

# Ask for a total and say what came of it. The kernel may grant less, and says so only in the count.
set_total() {
	root_write "$(pool_file "$1")" "$2" 2>/dev/null || die "cannot write $(pool_file "$1"): root is needed"
}

# The kernel compacts memory when asked; freed fragments often make the missing pages.
grow_to() {
	local size=$1 want=$2 try
	for try in 1 2 3; do
		set_total "$size" "$want"
		[ "$(pool_count "$size" nr_hugepages)" -ge "$want" ] && return 0
		say "hugepages: $size pool has $(pool_count "$size" nr_hugepages) of $want pages; compacting memory (try $try)"
		root_write /proc/sys/vm/compact_memory 1 2>/dev/null
	done
	return 1
}

# What may go into a pool: available memory less what everybody else needs to go on.
spare_kib() {
	awk '/^MemAvailable:/ { spare = $2 - 524288; print (spare > 0 ? spare : 0) }' /proc/meminfo
}

reserve() {
	local size=$1 count=$2 before missing after
	[ -e "$(pool_file "$size")" ] || die "hugepages: this kernel has no $size pool"
	before=$(pool_count "$size" nr_hugepages)
	missing=$((count - $(pool_available "$size")))
	if [ $missing -le 0 ]; then
		say "hugepages: $size pool: $(pool_available "$size") pages available, nothing to do"
		return 0
	fi
	if [ $((missing * $(hugepage_kib "$size"))) -gt "$(spare_kib)" ]; then
		warn "hugepages: $missing more $size pages are more than the $(($(spare_kib) / 1024)) MiB this machine can spare"
		return 1
	fi
	can_root || die "hugepages: $missing more $size pages are needed; only root can add them"
	grow_to "$size" $((before + missing))
	after=$(pool_count "$size" nr_hugepages)
	[ "$after" -gt "$before" ] && printf '%s %s\n' "$size" $((after - before)) >>"$state"
	say "hugepages: $size pool: total $before -> $after"
	if [ "$(pool_available "$size")" -lt "$count" ]; then
		warn "hugepages: only $(pool_available "$size") of $count $size pages could be had (memory is short or in pieces)"
		return 1
	fi
}

restore() {
	local size added total status=0
	[ -e "$state" ] || return 0
	while read -r size added; do
		[ -e "$(pool_file "$size")" ] || continue
		total=$(pool_count "$size" nr_hugepages)
		set_total "$size" $((total > added ? total - added : 0))
		say "hugepages: $size pool: total $total -> $(pool_count "$size" nr_hugepages)"
		[ "$(pool_count "$size" nr_hugepages)" -le $((total > added ? total - added : 0)) ] || status=1
	done <"$state"
	rm -f "$state"
	return $status
}

show() {
	local size
	for size in 2M 1G; do
		say "$size: total $(pool_count $size nr_hugepages) free $(pool_count $size free_hugepages)" \
			"reserved $(pool_count $size resv_hugepages) surplus $(pool_count $size surplus_hugepages)" \
			"mount $(hugetlbfs_mount $size || echo none)"
	done
}

case ${1-} in
reserve)
	if ! { [ $# = 3 ] && hugepage_kib "$2" >/dev/null && [[ $3 =~ ^[1-9][0-9]{0,8}$ ]]; }; then
		usage
	fi
	reserve "$2" "$3"
	;;
restore)
	[ $# = 1 ] || usage
	restore
	;;
show) show ;;
*) usage ;;
esac
