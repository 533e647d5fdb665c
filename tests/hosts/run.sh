#!/usr/bin/env bash
# minivmm on real Intel and AMD kernels of its own: boots emulated hosts (hosts.tsv), runs cases in them (cases.tsv)
# and judges their serial logs. TAP. It could break wherever only a real kvm_intel or kvm_amd differs from this machine.
#
#   run.sh [HOST...]    default: all; two boots at a time. Logs: build/hosts/last/
#   CASES=REGEX         only the cases whose name matches
. "$(dirname "$0")/lib.sh"
. "$HERE/fetch.sh"
. "$HERE/initramfs.sh"
. "$HERE/emulators.sh"
. "$HERE/judge.sh"
. "$HERE/judge_check.sh"
. "$HERE/judge_sweep.sh"
. "$HERE/judge_explain.sh"

MINIVMM=${MINIVMM:-$PWD/build/minivmm}
LAST=$STORE/last
BOOTS_AT_A_TIME=${BOOTS_AT_A_TIME:-2}

hosts=("$@")
[ ${#hosts[@]} -gt 0 ] || mapfile -t hosts < <(table hosts.tsv | cut -f 1)
for host in "${hosts[@]}"; do
	host_row "$host" >/dev/null || die "run.sh: no host '$host'; there are: $(table hosts.tsv | cut -f 1 | xargs)"
done

# Each boot is a process group of its own, so that leaving ends the emulators as well.
set -m
leave() {
	local pid
	for pid in $(jobs -rp); do
		kill -- "-$pid"
	done
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# boot DIRECTORY HOST...: hosts of one machine, one after the other.
boot() {
	local dir=$1 emulator cpu memory arguments
	set +m
	shift
	IFS=$'\t' read -r emulator cpu memory arguments <<<"$(machine_of "$1")"
	rm -rf "$dir" && mkdir -p "$dir" && plan_of "$@" >"$dir/plan" && initramfs_make "$dir/plan" "$dir/initramfs" &&
		boot_emulator "$emulator" "$cpu" "$memory" "$arguments" "$dir/initramfs" "$dir"
	rm -f "$dir/initramfs"
	log_split "$dir/serial.log" "$dir"
	say "# $(elapsed)  booted and ended: $*"
}

skip_all() {
	local host
	for host in "${hosts[@]}"; do
		tap_skip "$host" "$1"
	done
	tap_done
	exit
}

[ "$(uname -m)" = x86_64 ] || skip_all "the emulated hosts are x86-64"
log=$(make -s CC=gcc all test-guests 2>&1) || {
	tap_fail "build" "$(tail -n 20 <<<"$log")"
	tap_done
	exit 1
}
! readelf -lW "$MINIVMM" | grep -q INTERP || skip_all "$MINIVMM is not static (make STATIC=1)"
for tool in jq cpio strip; do
	have $tool || skip_all "$tool is not installed (scripts/deps.sh test)"
done
jq -n "$WORDS null" >/dev/null || die "run.sh: $HERE/words.jq is no jq"
fetch_all || skip_all "$fetch_reason"

# Hosts of one machine make one boot.
declare -A members=() missing=()
machines=()
for host in "${hosts[@]}"; do
	emulator=$(host_row "$host" | cut -f 2)
	missing[$host]=$(missing_tools "$emulator")
	[ -z "${missing[$host]}" ] || continue
	machine=$(machine_of "$host")
	[ -n "${members[$machine]-}" ] || machines+=("$machine")
	members[$machine]+=" $host"
done

declare -A place=()
for machine in "${machines[@]}"; do
	read -r -a group <<<"${members[$machine]}"
	for host in "${group[@]}"; do
		place[$host]=$LAST/${group[0]}
	done
	while [ "$(jobs -rp | wc -l)" -ge "$BOOTS_AT_A_TIME" ]; do
		wait -n
	done
	boot "$LAST/${group[0]}" "${group[@]}" &
done
wait

for host in "${hosts[@]}"; do
	if [ -n "${missing[$host]}" ]; then
		tap_skip "$host" "${missing[$host]}"
	else
		judge_host "${place[$host]}" "$host"
	fi
done
tap_done
