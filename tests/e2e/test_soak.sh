#!/usr/bin/env bash
# Runs and sweeps that are killed by -9 at any moment leave nothing on the host: no page, file, process, mount or group.
# They could because what is taken before the guest starts has no name only from the moment on when it is unlinked. And
# a guest that storms its VMM for a day leaves it as small as it was.
#
#   SOAK_RUNS=1000 SOAK_SECONDS=86400 SOAK_SEED=7 test_soak.sh    more of it, other moments (default: 50, 3 seconds, 1)
. "$(dirname "$0")/lib.sh"

RUNS=${SOAK_RUNS:-50}
SECONDS_OF_STORM=${SOAK_SECONDS:-3}
RANDOM=${SOAK_SEED:-1}
LONGEST_MS=250
CELLS=(--guest-page 4K --workload chase --working-set 64K,256K --allocations 3 --retries 0)

need_build

# Everything a run could leave, beside what host_state looks at.
names() {
	find "$T/out-dir" "$T/tmp" -mindepth 1 ! -name '*.journal'
	wc -l </proc/self/mounts
	find /sys/fs/cgroup -type d -name '*minivmm*' 2>/dev/null
	host_state
}

# The kernel gives memory and processes back a moment after the parent has seen the end.
want_settled() {
	local try after
	for ((try = 0; try < 100; try++)); do
		after=$(names)
		[ "$after" != "$before" ] || return 0
		sleep 0.05
	done
	problem "$1 left behind: $(diff <(echo "$before") <(echo "$after") | grep '^[<>]' | xargs)"
}

# One kind a line: what is killed. %M is a hugetlbfs, %F a tmpfs; kinds for which something is missing are left out.
kinds=("native -m 32M" "native -m 32M --backing memfd --prealloc" "sweep --native ${CELLS[*]}")
reason=$(no_kvm_reason)
if [ -z "$reason" ]; then
	kinds+=("run -m 64M" "run -m 64M --prealloc" "run -m 64M --backing thp --smp 2" "run -m 64M --backing memfd"
		"run -m 64M --backing memfd --prealloc" "explain -m 64M" "sweep ${CELLS[*]}")
else
	tap_skip "runs of a VM that are killed" "$reason"
fi
mkdir "$T/out-dir" "$T/tmp"
export TMPDIR=$T/tmp
if is_root && mount_at mnt-file tmpfs size=1G; then
	kinds+=("native -m 32M --mem-path $T/mnt-file")
	[ -n "$reason" ] || kinds+=("run -m 64M --mem-path $T/mnt-file" "run -m 64M --mem-path $T/mnt-file --prealloc")
fi
if pool_reserve 2M 40 && mount_at mnt-2M hugetlbfs pagesize=2M; then
	kinds+=("native -m 32M --mem-path $T/mnt-2M --prealloc" "native -m 32M --backing hugetlb --page-size 2M")
	[ -n "$reason" ] || kinds+=("run -m 64M --mem-path $T/mnt-2M" "run -m 64M --mem-path $T/mnt-2M --prealloc"
		"run -m 64M --backing memfd --page-size 2M --prealloc" "sweep --backing hugetlb:2M ${CELLS[*]}")
else
	tap_skip "runs on huge pages that are killed" "${pool_reason:-hugetlbfs cannot be mounted}"
fi

problems=() command_line=("$RUNS" runs)
before=$(names)
killed=0 resumed=0 journals=0
for ((n = 0; n < RUNS && ${#problems[@]} == 0; n++)); do
	kind=${kinds[n % ${#kinds[@]}]}
	read -r -a words <<<"$kind"
	case $kind in
	sweep*) ;;
	explain*) ;;
	*) words+=(--workload chase --working-set 4M --accesses 200000 --repeat 50) ;;
	esac
	rm -f "$T/out-dir/"*
	"$MINIVMM" "${words[@]}" --quiet --json "$T/out-dir/k.json" >"$T/out" 2>"$T/err" </dev/null &
	pid=$!
	printf -v moment '0.%03d' $((RANDOM % LONGEST_MS))
	sleep "$moment"
	kill -KILL $pid 2>/dev/null
	{ wait $pid; } 2>/dev/null
	status=$?
	[ $status != 137 ] || killed=$((killed + 1))
	case $status in
	137) [ ! -e "$T/out-dir/k.json" ] || jq -e . "$T/out-dir/k.json" >/dev/null || problem "half a file: $kind" ;;
	0 | 5) ;;
	*) problem "status $status of $kind: $(tail -n 1 "$T/err")" ;;
	esac
	rm -f "$T/out-dir/k.json"
	if [ -e "$T/out-dir/k.json.journal" ]; then
		journals=$((journals + 1))
		if [ -s "$T/out-dir/k.json.journal" ] && [ $((journals % 3)) = 0 ]; then
			"$MINIVMM" sweep --resume --quiet --json "$T/out-dir/k.json" >"$T/out" 2>"$T/err" </dev/null
			case $? in 0 | 5) resumed=$((resumed + 1)) ;; *) problem "no resuming of $kind: $(head -n 1 "$T/err")" ;; esac
			rm -f "$T/out-dir/k.json"
		fi
	fi
	want_settled "kill -9 after $moment s of: $kind"
done
[ $killed -gt $((RUNS / 3)) ] || problem "only $killed of $RUNS were alive to be killed"
conclude "$killed of $RUNS runs killed at any moment leave nothing"
say "# seed ${SOAK_SEED:-1}, ${#kinds[@]} kinds, $journals journals left on purpose, $resumed of them resumed"
pool_restore

if [ -n "$reason" ]; then
	tap_skip "a storm of exits" "$reason"
elif ! make -s test-guests >"$T/make.log" 2>&1; then
	tap_fail "a storm of exits" "$(tail -n 20 "$T/make.log")"
else
	problems=() command_line=(storm for "$SECONDS_OF_STORM" s)
	started=$SECONDS least=0 most=0
	"$MINIVMM" -m 64M --guest build/guests/storm.elf --workload none --timeout "$SECONDS_OF_STORM" --json "$T/run.json" \
		>"$T/out" 2>"$T/err" </dev/null &
	pid=$!
	sleep 1
	while kib=$(awk '/^VmRSS:/ { print $2 }' "/proc/$pid/status" 2>/dev/null) && [ -n "$kib" ]; do
		[ "$least" != 0 ] && [ "$least" -le "$kib" ] || least=$kib
		[ "$most" -ge "$kib" ] || most=$kib
		sleep 0.5
	done
	wait $pid
	status=$?
	want_status 4
	[ $((SECONDS - started)) -le $((SECONDS_OF_STORM + 5)) ] || problem "the watchdog was $((SECONDS - started)) s late"
	[ "$least" -gt 0 ] && [ $((most - least)) -le 64 ] || problem "between $least and $most KiB resident"
	want_json '.stray_exits > 100' "it stormed"
	conclude "a storm of doorbells, ports and addresses: ended by the watchdog, no larger"
	say "# $(json .stray_exits) exits to where no device is, $least to $most KiB resident"
fi
tap_done
