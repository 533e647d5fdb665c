#!/usr/bin/env bash
# Nothing that two threads touch is without its lock. The program and the units of what has threads run under ThreadSanitizer: vCPUs
# that write, ring and print together, threads that prepare memory and measure natively, a machine that its watchdog ends. A
# lock could go missing with every figure still right, until one day it is not.
. "$(dirname "$0")/lib.sh"

need_build
units=(native prealloc threads)
make -s -j"$(nproc)" BUILD=build-thread CFLAGS_SAN="-std=gnu11 -O1 -g -pthread -fsanitize=thread" sanitized \
	"${units[@]/#/build-thread/unit/test_}" >"$T/make.log" 2>&1 || fail_all "build with ThreadSanitizer" "$(tail -n 20 "$T/make.log")"
make -s test-guests >"$T/make.log" 2>&1 || fail_all "make test-guests" "$(tail -n 20 "$T/make.log")"
MINIVMM=$PWD/build-thread/sanitized/minivmm
export TSAN_OPTIONS="halt_on_error=0 exitcode=66 report_signal_unsafe=0"

# no_race NAME STATUS COMMAND...
no_race() {
	local name=$1 expected=$2 race
	shift 2
	case_command "$@"
	want_status "$expected"
	race=$(grep -A 40 'WARNING: ThreadSanitizer' "$T/err" | grep -m 3 -E '^ +#0|SUMMARY' | xargs)
	[ -z "$race" ] || problem "$race"
	conclude "no race: $name"
}

for unit in "${units[@]}"; do
	no_race "the units of $unit" 0 "build-thread/unit/test_$unit"
done
no_race "native threads" 0 "$MINIVMM" native --sandbox off -m 64M --smp 2 --workload touch,chase --working-set 64K --repeat 2 --prealloc \
	--prealloc-threads 2
if [ -n "$(no_kvm_reason)" ]; then
	tap_skip "no race: vCPUs" "$(no_kvm_reason)"
else
	no_race "vCPUs that measure" 0 "$MINIVMM" --sandbox off -m 64M --smp 2 --workload chase,dirty,exit --working-set 64K --repeat 2 --prealloc
	no_race "vCPUs that write at once" 0 "$MINIVMM" --sandbox off -m 64M --smp 2 --workload none --timeout 60 --guest build/guests/crowd.elf
	no_race "vCPUs that are stopped" 4 "$MINIVMM" --sandbox off -m 64M --smp 2 --workload none --timeout 1 --guest build/guests/spin.elf
	no_race "vCPUs that all count" 0 "$MINIVMM" --sandbox off -m 64M --smp 2 --workload chase --working-set 64K --repeat 2 --pmu perf::PAGE-FAULTS,perf::CONTEXT-SWITCHES
	no_race "vCPUs of which one panics" 3 "$MINIVMM" --sandbox off -m 64M --smp 2 --workload none --guest build/guests/panic_record.elf
fi
tap_done
