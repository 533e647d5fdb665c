#!/usr/bin/env bash
# Where people run it: for each situation, what minivmm says of it and how it ends. Limits, pools and devices look different in
# each container, and what cannot be read there must never be taken for "there is no limit", nor for "there is none".
# situations.tsv lists them, made by fixtures or for real; test_situations.sh REGEX runs some rows.
. "$(dirname "$0")/lib.sh"

need_build
self=$PWD/tests/e2e/test_situations.sh
table=$PWD/tests/e2e/situations.tsv
. tests/e2e/situations.sh

# --- What the column "setup" may call beside what situations.sh has: a recorded host below $T/h.

# put FILE LINE...: that file of the recorded host.
put() {
	local file=$T/h/$1
	mkdir -p "${file%/*}" && shift && printf '%s\n' "$@" >"$file"
}

# pool SIZE-KB DIR TOTAL FREE RESERVED OVERCOMMIT: the counts of one pool, of the host or of a node.
pool() {
	local dir=$2/hugepages/hugepages-$1kB
	put "$dir/nr_hugepages" "$3" && put "$dir/free_hugepages" "$4" && put "$dir/resv_hugepages" "${5:-0}"
	put "$dir/surplus_hugepages" 0 && put "$dir/nr_overcommit_hugepages" "${6:-0}"
}

# host: eight CPUs, 64G of memory, one node, 512 free pages of 2M, control groups v2, no limits.
host() {
	mounts=()
	pool 2048 sys/kernel/mm 512 512 && pool 1048576 sys/kernel/mm 0 0
	put proc/meminfo 'MemTotal: 65536000 kB' 'MemFree: 50000000 kB' 'MemAvailable: 52000000 kB' 'SwapTotal: 0 kB' \
		'SwapFree: 0 kB' 'Hugepagesize: 2048 kB'
	put proc/self/status $'Cpus_allowed_list:\t0-7' $'Mems_allowed_list:\t0'
	put proc/self/numa_maps '7ffd5000 default stack anon=3'
	put proc/cpuinfo 'processor : 0' 'vendor_id : GenuineIntel' 'flags : vmx ept pdpe1gb'
	put proc/sys/kernel/osrelease 6.8.0
	put proc/sys/vm/overcommit_memory 0
	put sys/devices/system/node/online 0
	put sys/devices/system/node/has_memory 0
	node 0 512 512
	: >"$T/mounts"
	mounted hugetlbfs /dev/hugepages rw,pagesize=2M
	mounted cgroup2 /sys/fs/cgroup rw
	group /
}

# node NUMBER TOTAL FREE [MEMORY-KB]: a NUMA node and its pool of 2M.
node() {
	pool 2048 "sys/devices/system/node/node$1" "$2" "$3"
	pool 1048576 "sys/devices/system/node/node$1" 0 0
	put "sys/devices/system/node/node$1/meminfo" "Node $1 MemTotal: ${4:-32000000} kB" "Node $1 MemFree: ${4:-32000000} kB"
}

# mounted TYPE DIR OPTIONS [ROOT]: one more mount, in both files of /proc that list them.
mounts=()
mounted() {
	mounts+=("$*")
	local m words lines=() infos=()
	for m in "${mounts[@]}"; do
		read -ra words <<<"$m"
		lines+=("none ${words[1]} ${words[0]} ${words[2]} 0 0")
		infos+=("$((${#infos[@]} + 20)) 1 0:$((${#infos[@]} + 20)) ${words[3]-/} ${words[1]} ${words[2]} - ${words[0]} none ${words[2]}")
	done
	put proc/self/mounts "${lines[@]}"
	put proc/self/mountinfo "${infos[@]}"
}

# group PATH [FILE=VALUE...]: this process is in that group of v2, and it has these files.
group() {
	local path=$1 file
	shift
	put proc/self/cgroup "0::$path"
	for file in "$@"; do
		put "sys/fs/cgroup$path/${file%%=*}" "${file#*=}"
	done
}

# group_v1 CONTROLLER PATH [FILE=VALUE...]: only v1, that controller.
group_v1() {
	local controller=$1 path=$2 file
	shift 2
	put proc/self/cgroup "3:$controller:$path"
	mounts=("hugetlbfs /dev/hugepages rw,pagesize=2M")
	mounted cgroup "/sys/fs/cgroup/$controller" "rw,$controller"
	for file in "$@"; do
		put "sys/fs/cgroup/$controller$path/${file%%=*}" "${file#*=}"
	done
}

# deep DEPTH: a path of so many groups, 60 characters each.
deep() {
	local i
	for ((i = 0; i < $1; i++)); do
		printf '/kubepods-burstable-pod%037d' "$i"
	done
}

# bare_dev: a /dev as of a container, with nothing that a program expects but null.
bare_dev() {
	mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3
}

run_row() {
	local command=$1 wanted=$2 says=$3 words regex
	eval "words=($command)"
	problems=()
	timeout -k 10 "$CASE_TIMEOUT" "${prefix[@]}" "$program" "${words[@]}" >"$T/out" 2>"$T/err" </dev/null
	status=$?
	want_status "$wanted"
	# Lines are wrapped at 100 columns; here they are one.
	cat "$T/out" "$T/err" | tr -s '\n ' ' ' >"$T/said"
	while read -r regex; do
		case $regex in
		'') ;;
		!*) ! grep -qE -- "${regex#!}" "$T/said" || problem "it says: ${regex#!}" ;;
		*) grep -qE -- "$regex" "$T/said" || problem "it does not say: $regex" ;;
		esac
	done <<<"${says// ;; /$'\n'}"
	[ ${#problems[@]} = 0 ] || printf '%s\n' "${problems[@]}" "$(cut -c1-1500 "$T/said")"
}

if [ "${1-}" = --row ]; then
	IFS=$'\t' read -r _ needs setup command wanted says < <(row "$2")
	situation "$needs" "$setup" && run_row "$command" "$wanted" "$says"
	exit 0
fi
each_row "${1-}"
tap_done
