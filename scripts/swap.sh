#!/usr/bin/env bash
# Give the host swap for a measurement, and take it away again.
#
#   swap.sh on [SIZE]    a swap file of SIZE (1G) in a directory of its own; where no file can be, compressed memory (zram)
#   swap.sh off          take it away; what was swapped out comes back first
#   swap.sh show         the swap that there is
#
# What is about to be made is noted in a file below /run first, so that off also works after this script was killed. Swap
# that was there before is not touched.
set -u
. "$(dirname "$0")/lib.sh"

state=${MINIVMM_SWAP_STATE:-$(state_file swap)}

note_state() {
	{
		echo "boot $(boot_id)"
		printf '%s\n' "$*"
	} >"$state" || die "swap: cannot write $state"
}

# A file system may refuse swap files: overlayfs, some network file systems, btrfs without nodatacow.
on_file() {
	local dir
	dir=$(as_root mktemp -d "${MINIVMM_SWAP_DIR:-/var/tmp}/minivmm-swap.XXXXXX") || return 1
	note_state file "$dir"
	as_root sh -c 'umask 077; fallocate -l "$1" "$2" && mkswap -q "$2" && swapon "$2"' sh "$1" "$dir/swap" 2>/dev/null && return 0
	off
	return 1
}

on_zram() {
	local id
	as_root modprobe zram num_devices=0 2>/dev/null
	id=$(as_root cat /sys/class/zram-control/hot_add 2>/dev/null) || return 1
	note_state zram "$id"
	root_write "/sys/block/zram$id/disksize" "$1" 2>/dev/null &&
		as_root sh -c 'mkswap "$1" >/dev/null && swapon "$1"' sh "/dev/zram$id" 2>/dev/null && return 0
	off
	return 1
}

off() {
	local kind what
	[ -e "$state" ] || {
		say "swap: nothing was added"
		return 0
	}
	read -r kind what < <(tail -n 1 "$state")
	case $kind:$what in
	file:*/minivmm-swap.??????)
		if grep -q "^$what/swap " /proc/swaps; then
			as_root swapoff "$what/swap" || die "swap: it cannot be taken away: too little memory for what is in it"
		fi
		as_root rm -f "$what/swap" && as_root rmdir "$what"
		;;
	zram:[0-9]*)
		if grep -q "^/dev/zram$what " /proc/swaps; then
			as_root swapoff "/dev/zram$what" || die "swap: it cannot be taken away: too little memory for what is in it"
		fi
		root_write /sys/class/zram-control/hot_remove "$what"
		;;
	esac
	rm -f "$state"
}

usage() {
	warn "usage: swap.sh on [SIZE] | off | show"
	exit 2
}

case ${1-} in
on)
	size=${2-1G}
	if [ $# -gt 2 ] || ! [[ $size =~ ^[1-9][0-9]{0,8}[KMG]$ ]]; then
		usage
	fi
	state_check "$state"
	[ ! -e "$state" ] || die "swap: swap was added already; swap.sh off"
	can_root || die "swap: root is needed"
	on_file "$size" || on_zram "$size" || die "swap: neither a swap file nor zram can be had here"
	say "swap: $(tail -n 1 /proc/swaps)"
	;;
off)
	[ $# = 1 ] || usage
	state_check "$state"
	off
	;;
show) cat /proc/swaps ;;
*) usage ;;
esac
