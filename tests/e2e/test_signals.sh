#!/usr/bin/env bash
# SIGINT, SIGTERM, SIGHUP and SIGQUIT stop cleanly with a partial record, at any moment; kill -9 leaves no page and no file.
# It could break because the thread that gets the signal is seldom the one that has to stop.
. "$(dirname "$0")/lib.sh"

need_build
need_tool jq

rss_kib() {
	awk '/^VmRSS:/ { print $2 }' "/proc/$1/status" 2>/dev/null || echo 0
}

# Wait until the process is resident with so many KiB, at most 20 s.
wait_rss() {
	local try
	for ((try = 0; try < 2000; try++)); do
		[ "$(rss_kib "$1")" -ge "$2" ] 2>/dev/null && return 0
		[ -d "/proc/$1" ] || return 1
		sleep 0.01
	done
	return 1
}

start() {
	problems=()
	command_line=("$MINIVMM" "$@")
	rm -f "$T/run.json"
	"$MINIVMM" "$@" --json "$T/run.json" >"$T/out" 2>"$T/err" </dev/null &
	pid=$!
}

# Send a signal and wait; sets status and took_ms.
stop_with() {
	local started
	started=$(date +%s%3N)
	kill -s "$1" "$pid" 2>/dev/null || problem "it was over before the signal"
	timeout 30 tail -s 0.05 --pid="$pid" -f /dev/null || { problem "still running 30 s after SIG$1" && kill -KILL "$pid"; }
	{ wait "$pid"; } 2>/dev/null
	status=$?
	took_ms=$(($(date +%s%3N) - started))
}

want_partial() {
	want_status 1
	[ "$took_ms" -lt 10000 ] || problem "took $took_ms ms to stop"
	want_json '.verdict == "interrupted"' "verdict of a partial record"
	want_schema
	want_same_host "$before"
}

before=$(host_state)
fill_mib=$(($(available_mib) / 2))
[ $fill_mib -lt 8192 ] || fill_mib=8192

commands=(native)
reason=$(no_kvm_reason)
if [ -z "$reason" ]; then
	commands+=(run)
else
	tap_skip "signals to a VM" "$reason"
fi

for command in "${commands[@]}"; do
	for signal in INT TERM; do
		start "$command" -m ${fill_mib}M --prealloc --prealloc-threads 1 --workload none
		wait_rss $pid 65536 || problem "it never got to populating"
		stop_with $signal
		want_partial
		conclude "$command: SIG$signal while preallocating"

		start "$command" -m 256M --workload chase --working-set 16M --accesses 20000000 --repeat 800
		wait_rss $pid 16384 || problem "it never got to its workload"
		sleep 1
		stop_with $signal
		want_partial
		conclude "$command: SIG$signal while running"
	done

	for signal in HUP QUIT; do
		start "$command" -m 64M --workload chase --working-set 16M --accesses 20000000 --repeat 800
		wait_rss $pid 16384 || problem "it never got to its workload"
		stop_with $signal
		want_partial
		conclude "$command: SIG$signal"
	done

	# The first step takes about a second and less, the second one many: on a fast CPU with all of it in its caches, too.
	start "$command" -m 256M --workload chase --working-set 64K,64M --accesses 5000000 --repeat 100
	sleep 3
	stop_with INT
	want_partial
	want_json '[.results[] | [.working_set_bytes, (.samples | length)]] == [[65536, 100]]' "the first step, and it alone"
	conclude "$command: what was complete is kept, what was not is not invented"
done

# SIGUSR1 has its handler late; a lost terminal is nothing to nohup.
start native -m ${fill_mib}M --prealloc --prealloc-threads 1 --workload chase --working-set 64K --repeat 2
wait_rss $pid 16384 || problem "it never got to populating"
stop_with USR1
want_status 0
conclude "SIGUSR1 from outside does nothing"

problems=() command_line=(nohup minivmm native)
rm -f "$T/run.json"
(
	trap '' HUP
	exec "$MINIVMM" native -m 64M --workload chase --working-set 16M --accesses 5000000 --repeat 20 --json "$T/run.json"
) >"$T/out" 2>"$T/err" </dev/null &
pid=$!
wait_rss $pid 16384 || problem "it never got to its workload"
stop_with HUP
want_status 0
conclude "SIGHUP that was ignored at the start stays so"

# Whoever starts us may have blocked the signal that gets a vCPU out of its guest.
if [ "${commands[-1]}" = run ]; then
	case_command timeout -k 1 20 env --block-signal=USR1 "$MINIVMM" -m 128M --workload chase \
		--working-set 16M --accesses 2000000000 --timeout 1
	want_status 4
	conclude "the watchdog stops a guest although SIGUSR1 was blocked"
fi

# Halted, a vCPU with an APIC waits inside KVM and does not come out by itself.
if [ "${commands[-1]}" = run ]; then
	name="run: SIGINT while the guest is halted inside KVM"
	if make -s test-guests >"$T/make.log" 2>&1; then
		start run -m 64M --guest build/guests/hlt_apic.elf --workload none --kernel-irqchip on
		sleep 1
		stop_with INT
		want_partial
		conclude "$name"
	else
		tap_fail "$name" "$(tail -n 20 "$T/make.log")"
	fi
fi

# Nothing of ours survives a kill -9, because the file was unlinked before it was used.
killed() {
	local name="kill -9 leaves no page and no file" free
	if ! pool_reserve 2M 128; then
		tap_skip "$name" "$pool_reason"
		return
	elif ! mount_at mnt-2M hugetlbfs pagesize=2M; then
		tap_skip "$name" "hugetlbfs cannot be mounted: $(cat "$T/mount.log")"
		return
	fi
	before=$(host_state)
	free=$(pool_count 2M free_hugepages)
	start "${commands[-1]}" -m 256M --mem-path "$T/mnt-2M" --prealloc --workload chase --working-set 16M \
		--accesses 20000000 --repeat 800
	for ((try = 0; try < 500 && $(pool_count 2M free_hugepages) > free - 128; try++)); do sleep 0.01; done
	[ "$(pool_count 2M free_hugepages)" = $((free - 128)) ] || problem "it never took the pages"
	[ -z "$(find "$T/mnt-2M" -mindepth 1)" ] || problem "a file is visible while it runs"
	stop_with KILL 2>/dev/null
	want_status 137
	want_same_host "$before"
	conclude "$name"
	pool_restore
}
killed
tap_done
