#!/usr/bin/env bash
# From a fresh Debian machine to the first table: install what is missing, build, lend the run a small pool of
# 2M pages and a hugetlbfs mount, run the main job, give everything back. Further arguments go to minivmm.
set -u
cd "$(dirname "$0")/.." || exit 1
. scripts/lib.sh

state_dir=$(mktemp -d) || exit 1
export MINIVMM_POOL_STATE=$state_dir/pool.state MINIVMM_POOL_LOG=$state_dir/pool.log
mount_dir="" made_dir=""

# Runs on every way out.
give_back() {
	if [ -n "$mount_dir" ]; then
		as_root umount "$mount_dir" && say "unmounted $mount_dir"
		[ -z "$made_dir" ] || as_root rmdir "$made_dir"
	fi
	if scripts/hugepages.sh restore; then
		rm -rf "$state_dir"
	else
		warn "the pool was not given back; once more: MINIVMM_POOL_STATE=$MINIVMM_POOL_STATE scripts/hugepages.sh restore"
	fi
}
trap give_back EXIT
# An interrupt stops minivmm, which then prints what it has; this script goes on to give everything back.
trap : HUP INT QUIT TERM

# How much guest RAM in MiB, as 2M pages, this machine can spare: 1024, or less where memory is short.
spare_mib() {
	local available mib
	available=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
	for mib in 1024 512 256 128; do
		[ $((mib * 2)) -le "$available" ] && echo $mib && return 0
	done
	return 1
}

# Provide a pool and a mount; sets huge_dir and memory_mib. Says why where it cannot.
provide_huge_pages() {
	if [ ! -d /sys/kernel/mm/hugepages/hugepages-2048kB ]; then
		say "This kernel has no 2M huge pages."
		return 1
	fi
	if ! can_root; then
		say "Neither root nor sudo: no pool of huge pages can be made."
		return 1
	fi
	memory_mib=$(spare_mib) || {
		say "Less than 256 MiB of memory are available: no pool of huge pages is made."
		return 1
	}
	while ! scripts/hugepages.sh reserve 2M $((memory_mib / 2)); do
		memory_mib=$((memory_mib / 2))
		[ $memory_mib -ge 64 ] || return 1
	done
	huge_dir=$(hugetlbfs_mount 2M) && say "hugetlbfs with 2M pages is mounted at $huge_dir" && return 0
	mount_huge_dir
}

mount_huge_dir() {
	huge_dir=/dev/hugepages
	if [ ! -d $huge_dir ]; then
		as_root mkdir $huge_dir || return 1
		made_dir=$huge_dir
	fi
	if ! as_root mount -t hugetlbfs -o "pagesize=2M,uid=$(id -u),gid=$(id -g),mode=0700" none $huge_dir; then
		say "hugetlbfs could not be mounted at $huge_dir."
		[ -z "$made_dir" ] || as_root rmdir "$made_dir"
		made_dir=
		return 1
	fi
	mount_dir=$huge_dir
	say "mounted hugetlbfs with 2M pages at $huge_dir"
}

# The main job, as root only where the files in question ask for it.
run_it() {
	local as=()
	say "running: build/minivmm $*"
	say
	if { [ -e /dev/kvm ] && ! [ -r /dev/kvm ] && can_root; } || { [ -n "${huge_dir-}" ] && ! [ -w "$huge_dir" ]; }; then
		as=(as_root)
	fi
	"${as[@]}" build/minivmm "$@"
}

build() {
	local log=$state_dir/build.log status
	make -j"$(nproc)" >"$log" 2>&1
	status=$?
	[ $status = 0 ] || tail -n 40 "$log"
	return $status
}

main() {
	local command=() backing=()
	scripts/deps.sh build
	say "building (make)"
	build || die "the build failed; its last words are above"

	if [ ! -e /dev/kvm ]; then
		say "There is no /dev/kvm here (no virtualisation, or the kvm module is not loaded):" \
			"running the same workloads natively, without a VM."
		command=(native)
	elif ! [ -r /dev/kvm ] || ! [ -w /dev/kvm ]; then
		if ! can_root; then
			say "/dev/kvm may not be opened by $(id -un) (add the user to its group:" \
				"sudo adduser $(id -un) kvm): running natively, without a VM."
			command=(native)
		fi
	fi
	if provide_huge_pages; then
		backing=(-m "${memory_mib}M" --mem-path "$huge_dir" --prealloc)
	else
		say "Going on without huge pages: anonymous memory, 4K."
		unset huge_dir
		backing=(-m "$(spare_mib || echo 64)M")
	fi
	run_it "${command[@]}" "${backing[@]}" "$@"
}

main "$@"
