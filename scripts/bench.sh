#!/usr/bin/env bash
# The figures of README.md, each beside what it is compared with, taken in turn in one run. Ratios only mean anything
# within one run: the machine may be shared. Changes the huge page pools while it runs and restores them.
#
#   scripts/bench.sh [startup] [prealloc] [memory] [chase] [sandbox]      default: all five
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

build=${BUILD:-build}
rounds=${ROUNDS:-20}
scratch=$(mktemp -d)
mount_2m=$scratch/2M
mount_1g=$scratch/1G

finish() {
	umount "$mount_2m" "$mount_1g" 2>/dev/null || true
	bash scripts/hugepages.sh restore >&2 || true
	rm -rf "$scratch"
}
trap finish EXIT

compile() {
	local name
	for name in floor zeroing alternate; do
		"${CC:-gcc}" -O2 -std=gnu11 -D_GNU_SOURCE -Iinclude -I. -pthread -o "$scratch/$name" "tests/bench/$name.c"
	done
}

# "name  min  median  max  ratio-of-medians", the ratio against the row whose name comes first as argument.
table() {
	awk -F'\t' -v base="$1" '
		{ name[NR] = $1; min[NR] = $2; med[NR] = $3; max[NR] = $4; if ($1 == base) ref = $3 }
		END {
			printf "  %-34s %10s %10s %10s %8s\n", "", "min ms", "median ms", "max ms", "ratio"
			for (i = 1; i <= NR; i++)
				printf "  %-34s %10.2f %10.2f %10.2f %8.2f\n", name[i], min[i], med[i], max[i], med[i] / ref
		}'
}

qemu="qemu-system-x86_64 -M microvm,rtc=off,pit=off,pic=off -nodefaults -no-user-config -display none -no-reboot"
# Without arch-capabilities: QEMU 7.2 dies of that MSR on AMD hosts whose KVM offers it.
qemu+=" -device isa-debug-exit,iobase=0xf4,iosize=1 -accel kvm -cpu host,-arch-capabilities"

startup() {
	say "== Start to exit of an empty guest: 128M anonymous, no workload, $rounds rounds in turn"
	"$build/minivmm" -m 128M --workload none --dump-fdt "$scratch/empty.dtb"
	local floor="floor, minivmm's guest"
	local commands=(
		"floor, two-instruction guest" "$scratch/floor"
		"$floor" "$scratch/floor $build/guest.elf $scratch/empty.dtb"
		"minivmm" "$build/minivmm -m 128M --workload none --quiet"
	)
	if have qemu-system-x86_64; then
		commands+=("QEMU microvm, same guest=33" "$qemu -m 128M -kernel $build/guest.elf -initrd $scratch/empty.dtb")
	fi
	"$scratch/alternate" "$rounds" "${commands[@]}" | table "$floor"
	say "  goal: minivmm at most 1.5 x the floor with the same guest, QEMU at least 10 x minivmm"
}

# The exits of both in turn: the least of each run, and the median of the runs' ratios, with the middle 60 % of them.
sandbox_exits() {
	local round side
	for ((round = 0; round < rounds; round++)); do
		for side in on off; do
			"$build/minivmm" -m 64M --workload exit --repeat 30 --accesses 1000 --quiet --sandbox $side \
				--json "$scratch/exit.$side.$round.json"
		done
	done
	jq -rn --slurpfile on <(cat "$scratch"/exit.on.*.json) --slurpfile off <(cat "$scratch"/exit.off.*.json) '
		def percent: (. - 1) * 10000 | round / 100;
		def of($runs; $variant): [$runs[].results[] | select(.variant == $variant) | .min];
		("cpuid", "port-user", "port-kernel") as $variant |
		of($on; $variant) as $a | of($off; $variant) as $b |
		([range([$a, $b | length] | min) | $a[.] / $b[.]] | sort) as $ratios | ($ratios | length) as $n |
		"  \($variant): least \($a | min | round) against \($b | min | round) core cycles, \(($a | min) / ($b | min) | percent) %; "
		+ "median of \($n) ratios \($ratios[$n / 2 | floor] | percent) % (\($ratios[$n / 5 | floor] | percent) to \($ratios[$n * 4 / 5 | floor] | percent))"'
}

sandbox() {
	say "== The sandbox: on against off, $rounds rounds in turn"
	"$scratch/alternate" "$rounds" off "$build/minivmm -m 128M --workload none --quiet --sandbox off" \
		on "$build/minivmm -m 128M --workload none --quiet" | table off
	sandbox_exits
	say "  goal: start to exit +5 %, exits to user space +3 %, all else 0"
}

gib_per_s() {
	awk -v ns="$1" -v bytes="$2" 'BEGIN { printf "%.2f", bytes / 1073741824 / (ns / 1e9) }'
}

populate_ns() {
	"$build/minivmm" --mem-path "$1" -m "$2" --prealloc --prealloc-threads "$3" --workload none --quiet --json - |
		jq .timing_ns.populate
}

# QEMU says nothing about its own populating: the whole run with prealloc, less the same guest on 128M of its own.
qemu_populate_ns() {
	local ram="memory-backend-file,id=ram,size=$2,mem-path=$1,share=on,prealloc=on,prealloc-threads=$3"
	"$scratch/alternate" 1 \
		"on=33" "$qemu -M memory-backend=ram -m $2 -object $ram -kernel $build/guest.elf -initrd $scratch/empty.dtb" \
		"base=33" "$qemu -m 128M -kernel $build/guest.elf -initrd $scratch/empty.dtb" |
		awk -F'\t' '{ ms[$1] = $2 } END { printf "%.0f", (ms["on"] - ms["base"]) * 1e6 }'
}

median() {
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# The first round is not counted: pages that an outer hypervisor has not backed yet cost it far more.
prealloc_case() {
	local label=$1 mount=$2 size=$3 bytes=$4 threads=$5 round who limit
	local contestants=(minivmm fallocate populate)
	declare -A mid=()
	! have qemu-system-x86_64 || contestants+=(qemu)
	rm -f "$scratch"/ns.*
	for ((round = 0; round <= 7; round++)); do
		for who in "${contestants[@]}"; do
			case $who in
			minivmm) populate_ns "$mount" "$size" "$threads" ;;
			qemu) qemu_populate_ns "$mount" "$size" "$threads" ;;
			*) "$scratch/zeroing" "$who" "$mount" "$bytes" "$threads" ;;
			esac >"$scratch/one"
			[ $round = 0 ] || cat "$scratch/one" <(echo) >>"$scratch/ns.$who"
		done
	done
	printf '  %-3s x %s threads:' "$label" "$threads"
	for who in "${contestants[@]}"; do
		mid[$who]=$(grep . "$scratch/ns.$who" | median)
		printf '  %s %s' "$who" "$(gib_per_s "${mid[$who]}" "$bytes")"
	done
	limit=${mid[fallocate]}
	[ "${mid[populate]}" -ge "$limit" ] || limit=${mid[populate]}
	awk -v a="${mid[minivmm]}" -v b="$limit" 'BEGIN { printf "  GiB/s; minivmm/limit %.2f\n", b / a }'
}

prealloc() {
	say "== Preallocation of 2 GiB: median of 7 rounds in turn, GiB/s, against the kernel's own calls and QEMU (same threads)"
	"$build/minivmm" -m 128M --workload none --dump-fdt "$scratch/empty.dtb"
	mkdir -p "$mount_2m" "$mount_1g"
	if bash scripts/hugepages.sh reserve 2M 1024 >&2 && mount -t hugetlbfs -o pagesize=2M none "$mount_2m"; then
		prealloc_case 2M "$mount_2m" 2048M 2147483648 1
		prealloc_case 2M "$mount_2m" 2048M 2147483648 2
	else
		say "  2M: no pool of 1024 pages to be had here"
	fi
	if bash scripts/hugepages.sh reserve 1G 2 >&2 && mount -t hugetlbfs -o pagesize=1G none "$mount_1g"; then
		prealloc_case 1G "$mount_1g" 2048M 2147483648 1
		prealloc_case 1G "$mount_1g" 2048M 2147483648 2
	else
		say "  1G: no pool of 2 pages to be had here"
	fi
	say "  goal: 0.95 of the better of fallocate and populate (MAP_POPULATE), or more"
}

memory() {
	say "== The VMM's own memory: resident set less guest RAM, 1G guest on anonymous memory after a chase"
	"$build/minivmm" -m 1G --workload chase --working-set 4M --quiet --json - |
		jq -r '"  \(.vmm_rss_bytes / 1048576 * 100 | round / 100) MiB (goal: 2 MiB)"'
}

chase() {
	say "== Chase, ring-3 guest against native, THP on both sides, 2M guest pages: least of 5 runs in turn, core cycles an access"
	local round n
	for ((round = 0; round < 5; round++)); do
		"$build/minivmm" -m 1G --backing thp --prealloc --guest-page 2M --workload chase --working-set 256K,512K,4M --quiet --json "$scratch/guest.$round.json"
		"$build/minivmm" native -m 1G --backing thp --prealloc --workload chase --working-set 256K,512K,4M --quiet --json "$scratch/native.$round.json"
	done
	for n in 64 128 1024; do
		jq -rn --argjson n "$n" \
			--slurpfile g <(cat "$scratch"/guest.*.json) --slurpfile h <(cat "$scratch"/native.*.json) '
			def least(runs): [runs[].results[] | select(.pages == $n) | .min] | min;
			least($g) as $guest | least($h) as $native |
			"  n = \($n) pages: guest \($guest * 100 | round / 100), native \($native * 100 | round / 100), ratio \($guest / $native * 1000 | round / 1000)"'
	done
	say "  goal: within 2 %"
}

[ $# -gt 0 ] || set -- startup prealloc memory chase sandbox
compile
for part in "$@"; do
	case $part in
	startup | prealloc | memory | chase | sandbox) "$part" ;;
	*) die "bench: unknown part $part: startup, prealloc, memory, chase, sandbox" ;;
	esac
done
