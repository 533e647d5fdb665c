#!/usr/bin/env bash
# Work is bounded by a small multiple of the input's size: four times as much of anything takes less than six times as long
# (four, and a logarithm). It could break by a search in a loop over the same list, which no test of a small input shows, and
# which lets a process with many mappings, or a host with many VMs, hold up root for minutes.
. "$(dirname "$0")/lib.sh"

host=$T/host

# lines N FORMAT: for i = 1 to N, with %d for i and %x for an address 32M apart from the last.
lines() {
	awk -v n="$1" -v format="$2" 'BEGIN {
		for (i = 1; i <= n; i++) {
			line = format
			gsub(/%d/, i, line)
			gsub(/%x/, sprintf("%x", 139637976727552 + i * 33554432), line)
			gsub(/%y/, sprintf("%x", 139637976727552 + i * 33554432 + 16777216), line)
			print line
		}
	}'
}

# One VM's process below $host; its number.
process() {
	mkdir -p "$host/proc/$1/fd" "$host/proc/$1/task/$1"
	printf 'qemu-system-x86_64\0-m\00064G\0' >"$host/proc/$1/cmdline"
	ln -s anon_inode:kvm-vm "$host/proc/$1/fd/9"
	echo main >"$host/proc/$1/task/$1/comm"
}

# make_KIND N: an input of that size, and the command in `words`.
make_mounts() {
	lines "$1" "none /mnt/h%d hugetlbfs rw,pagesize=2M,size=%dM 0 0" >"$host/proc/self/mounts"
	words=(pool show --root "$host")
}
make_mountinfo() {
	lines "$1" "%d 1 0:%d / /mnt/h%d rw - cgroup2 none rw" >"$host/proc/self/mountinfo"
	echo 0::/a/b >"$host/proc/self/cgroup"
	words=(check --root "$host")
}
make_mappings() {
	process 7
	lines "$1" "%x-%y rw-p 00000000 00:00 0 #Size: 16384 kB#KernelPageSize: 4 kB#Rss: 4 kB#VmFlags: rd wr" | tr '#' '\n' >"$host/proc/7/smaps"
	lines "$1" "%x default anon=1 N0=1" >"$host/proc/7/numa_maps"
	words=(observe --pid 7 --root "$host")
}
make_threads() {
	process 7
	(cd "$host/proc/7/task" && seq 10 $((9 + $1)) | xargs mkdir && for tid in *; do echo "CPU 0/KVM" >"$tid/comm"; done)
	words=(observe --pid 7 --root "$host")
}
make_vms() {
	local debugfs=$host/sys/kernel/debug/kvm pid leaf
	process 7
	for ((pid = 8; pid < 7 + $1; pid++)); do
		mkdir -p "$host/proc/$pid/task/$pid" "$debugfs/$pid-9"
		cp -rs "$host/proc/7/fd" "$host/proc/$pid/"
		printf 'qemu-system-x86_64\0' >"$host/proc/$pid/cmdline"
		for leaf in pages_4k pages_2m pages_1g; do echo 5 >"$debugfs/$pid-9/$leaf"; done
	done
	words=(observe --all --root "$host")
}
# sweep FILTER N: cell 0 of the golden sweep is `one`, N is `n`.
sweep() {
	jq -c --argjson n "$2" ".cells[0] as \$one | $1" tests/golden/sweep.json >"$host/sweep.json"
	words=(compare "$host/sweep.json" "$host/sweep.json")
}
of_set='def of_set($i; $w): ($i * 2 + 1) as $k | .key |= sub("chase"; $w) | .key |= sub("256K"; "\($k * 4)K") | .workload = $w |
	.working_set_bytes = $k * 4096 | .runs[].rows[] |= (.working_set_bytes = $k * 4096 | .pages = $k);'
make_sets() {
	sweep "$of_set"' .cells = [range($n) as $i | ("chase", "packed") as $w | $one | of_set($i; $w)]' "$1"
}
make_backings() {
	sweep '.cells = [range($n) as $i | $one | .key |= sub("anon"; "path:/d\($i)") | .backing = "file" | .path = "/d\($i)"]' "$1"
}
make_samples() {
	sweep '.cells = [$one | .runs[].rows[0] |= (.samples = [range($n) + 10.5] | .sample_count = $n)]' "$1"
}
make_parameters() {
	sweep '.host.parameters = ([range($n) | { key: "kvm.p\(.)", value: "Y" }] | from_entries)' "$1"
}

# Milliseconds of processor time that the command in `words` takes, the least of three runs.
time_of() {
	local run took least=
	for run in 1 2 3; do
		TIMEFORMAT='%U %S'
		took=$({ time case_run "${words[@]}" --json /dev/null --quiet; } 2>&1 | awk '{ print int(($1 + $2) * 1000 + 0.5) }')
		[ -n "$least" ] && [ "$least" -le "$took" ] || least=$took
	done
	echo "$least"
}

# grows KIND N: N and four times N. What 20 ms are added for: a start, and a clock of milliseconds.
grows() {
	local once more
	rm -rf "$host" && mkdir -p "$host/proc/self"
	"make_$1" "$2"
	once=$(time_of)
	rm -rf "$host" && mkdir -p "$host/proc/self"
	"make_$1" $(($2 * 4))
	more=$(time_of)
	case_run "${words[@]}" --json /dev/null --quiet
	[ "$status" -lt 128 ] || problem "exit status $status"
	[ "$more" -le $((6 * once + 20)) ] || problem "$2 of them take $once ms, $(($2 * 4)) take $more ms"
	conclude "work: $1: $2 take $once ms, $(($2 * 4)) take $more ms"
}

grows mounts 10000
grows mountinfo 15000
grows mappings 5000
grows threads 500
grows vms 80
if have jq; then
	grows sets 150
	grows backings 250
	grows samples 200
	grows parameters 2000
else
	tap_skip "work: sweeps" "jq is not installed"
fi
tap_done
