#!/usr/bin/env bash
# --pmu counts what the kernel lets it count, says why it does not count the rest, and refuses unknown names before
# anything runs. It could break by failing a run for want of a PMU, by counting what is not the workload's, and by a
# record that does not say whose events it holds.
. "$(dirname "$0")/lib.sh"

need_build
need_tool jq

RUN=(-m 64M --workload touch,chase --working-set 256K,4M --repeat 3 --accesses 20000)
SMALL=(-m 64M --workload touch --working-set 16M)
ROLES='["cycles","instructions","dtlb_misses","stlb_misses","walks_completed_4k","walks_completed_2m","walks_completed_1g","walk_cycles","ept_walk_cycles"]'
# With a PMU counts are there, without one the reason is: either way each event is one or the other.
WHOLE='[.pmu.events[] | .available == (.reason == null)] | all'
kvm_reason=$(no_kvm_reason)

commands=(native)
[ -n "$kvm_reason" ] || commands+=(run)

for command in "${commands[@]}"; do
	case_record "$command" "${RUN[@]}" --pmu default
	want_status 0
	want_schema
	want_json '[.pmu.events[].role] == $roles' "all roles, in order" --argjson roles "$ROLES"
	want_json "$WHOLE" "a reason where it is not available, and only there"
	want_json '[.results[].pmu | length] | all(. == 9)' "an entry for each event in each row"
	# What is available has counts; what is not has none.
	want_json '. as $r | [.results[].pmu | to_entries[] | (.value.guest != null or .value.thread != null)
		== $r.pmu.events[.key].available] | all' "counts where available, and only there"
	if [ "$command" = native ]; then
		want_json '[.results[].pmu[] | .guest, .host] | all(. == null)' "natively there is no guest"
	fi
	if [ ! -e /sys/bus/event_source/devices/cpu ] && [ ! -e /sys/bus/event_source/devices/cpu_core ]; then
		want_json '[.pmu.events[].available] | any | not' "nothing available without a PMU"
		want_json '[.pmu.events[].reason] | all(test("no PMU|no such event|no event"))' "the reasons"
		want_text 'can be counted: nothing'
	fi
	conclude "$command --pmu default: a value or its reason, status 0"
done

case_record native "${RUN[@]}"
want_status 0
want_json '.pmu == null and ([.results[].pmu] | all(. == null))' "null where nothing was asked for"
want_no_text '^pmu '
conclude "nothing is counted unasked"

case_record native "${RUN[@]}" --pmu off
want_json '.pmu == null' "off is off"
conclude "--pmu off"

for bad in NONSENSE cycles,NONSENSE perf::NONSENSE nonsense::CYCLES; do
	case_record native "${RUN[@]}" --pmu "$bad"
	want_status 2
	want_text "libpfm4 knows no event '${bad#cycles,}' for this CPU \(.*\): "
	want_text 'try: minivmm --pmu help'
	[ ! -e "$T/run.json" ] || problem "a record of a run that must not start"
	conclude "--pmu $bad is refused, naming event and CPU"
done

for bad in '' ',' 'cycles,' ',cycles'; do
	case_run native "${RUN[@]}" --pmu "$bad"
	want_status 2
	want_text '^minivmm: --pmu'
	conclude "--pmu '$bad' is no list"
done

case_run native "${RUN[@]}" --pmu "$(printf 'cycles,%.0s' {1..16})cycles"
want_status 2
want_text 'at most 16'
conclude "--pmu has a limit and says so"

case_run --pmu help
want_status 0
want_text '^This CPU: '
for role in $(jq -r '.[]' <<<"$ROLES"); do
	want_text "^  $role "
done
conclude "--pmu help lists roles and this CPU's events"

# From here on real counts: software events need no PMU, only permission.
case_record native "${SMALL[@]}" --pmu perf::PAGE-FAULTS,perf::TASK-CLOCK,perf::MAJOR-FAULTS
want_json '[.results[].pmu[] | .thread >= 0 and .guest == null and .host == null] | all' \
	"what is counted of the whole thread is no count of a guest or a host"
if [ "$(json '.pmu.events[0].available')" != true ]; then
	tap_skip "software events" "$(json '.pmu.events[0].reason')"
	tap_done
	exit
fi
want_status 0
want_schema
want_json '[.pmu.events[] | .available and .role == null] | all' "available, without a role"
want_json '[.results[] | .pmu[0].thread == .page_faults] | all' "page faults as getrusage counts them"
want_json '.results[0] | .variant == "first" and .page_faults == 4096 and .pmu[0].operations == 4096' "one a page"
want_json '.results[1] | .variant == "second" and .pmu[0].thread == 0' "none the second time"
want_json '[.results[].pmu[] | .thread_running_share] | all(. == 1)' "they ran all the time"
# The clock of the phase holds its samples, and little else: it ran within the run.
want_json '(.host.tsc_khz / 1e6) as $ghz | .results[0] |
	(.samples[0] * .accesses / $ghz) as $ns | .pmu[1].thread > 0.2 * $ns and .pmu[1].thread < 5 * $ns + 5e6' "task clock"
want_text 'touch first 16M: perf::PAGE-FAULTS 1, perf::TASK-CLOCK '
conclude "native: the kernel's page faults are the record's"

case_record native -m 64M --workload touch --working-set 8M --smp 2 --pmu perf::PAGE-FAULTS
want_status 0
want_json '[.results[] | select(.vcpu == null) | .pmu[0].thread] == ([.results[] | select(.vcpu == 0) | .pmu[0].thread] as $a
	| [.results[] | select(.vcpu == 1) | .pmu[0].thread] as $b | [$a, $b] | transpose | map(add))' "sums"
want_json '[.results[] | select(.variant == "first" and .vcpu != null) | .pmu[0].thread] | all(. == 2048)' "each its own"
conclude "threads count their own, and the row of all adds up"

if [ -n "$kvm_reason" ]; then
	tap_skip "run: software events" "$kvm_reason"
else
	case_record run "${SMALL[@]}" --pmu perf::PAGE-FAULTS,perf::CONTEXT-SWITCHES
	want_status 0
	want_schema
	want_json '[.results[].pmu[] | .guest, .host] | all(. == null)' "software events are of the thread as a whole"
	want_json '[.results[].pmu[] | .thread] | all(. != null)' "counted"
	want_json '.results[1].pmu[0].thread == 0' "no fault in the second pass"
	conclude "run: software events are the thread's"
fi

# perf_event_paranoid is for those who are not root. 2 allows user mode alone, which the reason's cure says.
paranoid=$(cat /proc/sys/kernel/perf_event_paranoid)
if ! is_root; then
	tap_skip "no permission" "setpriv needs root"
elif [ "$paranoid" -lt 2 ]; then
	tap_skip "no permission" "perf_event_paranoid is $paranoid here"
else
	cp "$MINIVMM" "$T/minivmm" && chmod 755 "$T/minivmm"
	: >"$T/run.json" && chmod 666 "$T/run.json"
	case_command setpriv --reuid 65534 --regid 65534 --clear-groups "$T/minivmm" native "${SMALL[@]}" \
		--pmu perf::PAGE-FAULTS,perf::PAGE-FAULTS:u --json - --quiet
	cp "$T/out" "$T/run.json"
	want_status 0
	want_json '.pmu.events[0] | (.available | not) and (.reason | test("perf_event_paranoid is [0-9].*sysctl"))' "the cure"
	if [ "$paranoid" = 2 ]; then
		want_json '.pmu.events[1].available and .results[0].pmu[1].thread == 4096' "user mode is allowed"
	fi
	conclude "without permission: the value, the cure, and the run goes on"
fi

case_record check
want_status 0
want_schema_of minivmm.check-1
want_json '[.pmu.events[].role] == $roles' "all roles" --argjson roles "$ROLES"
want_json "$WHOLE" "each with its answer"
want_text '^pmu .*can be counted: '
conclude "check says what could be counted"

case_record check --root tests/fixtures/host/intel-ept-off
want_status 0
want_schema_of minivmm.check-1
want_json '.pmu == null' "not asked"
want_text '^pmu +not asked: this is a recorded host'
conclude "check --root asks no kernel"

# libpfm4's tables are a megabyte: who does not ask must not have them in memory.
if [ -n "$kvm_reason" ]; then
	tap_skip "libpfm4 is not resident unasked" "$kvm_reason"
else
	case_record run -m 64M --workload none --pmu cycles
	want_status 0
	asked=$(json .vmm_rss_bytes)
	case_record run -m 64M --workload none
	want_status 0
	want_json '.vmm_rss_bytes + 524288 < $asked' "half a MiB less than with --pmu" --argjson asked "$asked"
	conclude "libpfm4 is not resident unasked"
fi

tap_done
