#!/usr/bin/env bash
# Fuzz targets, two at a time, as TAP: run.sh SECONDS [TARGET...], of build/fuzz (make fuzz). Each starts from its seeds and
# from what an earlier run found (build/fuzz/found/TARGET); an input that fails stays in build/fuzz/failed, and
# `run.sh FILE` tries it again. A target without seeds, or that ran none of them, fails.
set -u
cd "$(dirname "$0")/../.." || exit 1
. scripts/lib.sh
. scripts/tap.sh

built=build/fuzz
table=tests/fuzz/targets.tsv
work=$(mktemp -d /dev/shm/minivmm-fuzz.XXXXXX 2>/dev/null || mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
export TMPDIR=$work
export ASAN_OPTIONS=allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1

# "== PATH" and its text for each file of a recorded host, "=> PATH TARGET" for each link: what tests/fuzz/root.c reads.
tree_text() {
	find "$1" -mindepth 1 \( -type f -size -64k -o -type l \) -printf '%y %P %l\n' | sort |
		while read -r kind path target; do
			if [ "$kind" = l ]; then
				printf '=> %s %s\n' "$path" "$target"
			else
				printf '== %s\n' "$path"
				cat "$1/$path"
			fi
		done
}

# Made seeds: @root, one of each recorded host; @observe, one of each process beside what is the host's own.
make_root() {
	local host
	for host in tests/fixtures/host/*/; do
		tree_text "$host" | head -c 32000 >"$1/$(basename "$host")"
	done
}
make_observe() {
	local process pid all=tests/fixtures/observe/fleet
	for process in "$all"/proc/[1-9]*/; do
		pid=$(basename "$process")
		rm -rf "$work/host"
		mkdir -p "$work/host/proc"
		cp -r "$process" "$work/host/proc/"
		[ ! -d $all/sys ] || cp -r $all/sys "$work/host/"
		tree_text "$work/host" | head -c 32000 >"$1/$pid"
	done
}

# One seed: text as it is, JSON without its blanks, *.hex by its digits (a '#' begins a comment), *.dts as a tree.
add_seed() {
	local to
	to=$2/$(tr / _ <<<"$1")
	case $1 in
	*.json) if have jq; then jq -c . "$1" >"$to"; else cp "$1" "$to"; fi ;;
	*.hex) printf '%b' "$(sed 's/#.*//; s/[0-9a-f][0-9a-f]/\\x&/g' "$1" | tr -d ' \t\n')" >"$to" ;;
	*.dts) ! have dtc || dtc -q -I dts -O dtb -o "$to" "$1" ;;
	*) cp "$1" "$to" ;;
	esac
}

seeds_of() {
	local seed
	mkdir -p "$2"
	for seed in $1; do
		case $seed in
		@*) "make_${seed#@}" "$2" ;;
		*) [ ! -f "$seed" ] || add_seed "$seed" "$2" ;;
		esac
	done
}

# fuzz_one TARGET MOST_BYTES SEEDS: a line of TAP's content into $work/TARGET.result.
fuzz_one() {
	local log=$work/$1.log seeds=$work/$1.seeds count runs status
	seeds_of "$3" "$seeds"
	count=$(find "$seeds" -type f -size +0 | wc -l)
	mkdir -p "$built/found/$1" "$built/failed"
	"$built/fuzz_$1" -max_total_time="$seconds" -max_len="$2" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$built/failed/$1-" "$built/found/$1" "$seeds" >"$log" 2>&1
	status=$?
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	printf '%s %s %s\n' "$status" "${runs:-0}" "$count" >"$work/$1.result"
}

report() {
	local status runs count
	read -r status runs count <"$work/$1.result"
	if [ "$status" = 0 ] && [ "$count" -gt 0 ] && [ "$runs" -gt "$count" ]; then
		tap_ok "$1: $runs executions, $count seeds"
	else
		tap_fail "$1: $runs executions, $count seeds, status $status" \
			"$(grep -vE '^(INFO|#[0-9]+|stat::)' "$work/$1.log" | head -n 40)"
	fi
}

if [ -f "${1-}" ]; then
	name=$(basename "$1")
	"$built/fuzz_${name%%-*}" "$1"
	exit
fi
seconds=${1:-2}
shift $(($# > 0))
if ! ls $built/fuzz_* >/dev/null 2>&1; then
	tap_skip "fuzz targets" "build/fuzz is not built: make fuzz, with clang"
	tap_done
	exit
fi
chosen=$(awk -F'\t' -v names=" $* " '!/^#/ && (names == "  " || index(names, " " $1 " "))' $table)
while IFS=$'\t' read -r name _ most seeds; do
	while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n; done
	fuzz_one "$name" "$most" "$seeds" &
done <<<"$chosen"
wait
while IFS=$'\t' read -r name _; do
	report "$name"
done <<<"$chosen"
tap_done
