#!/usr/bin/env bash
# Every workload runs on one vCPU, on several, and on more than there are CPUs: ends cleanly, with a row for each vCPU
# and the exits that it has to have. It could break where vCPUs share memory, a gate or an end that not all reach.
. "$(dirname "$0")/lib.sh"

need_build
need_tool jq

SMALL=(-m 512M --working-set 1M --repeat 2)
RUNNERS='.results[] | select(.vcpu != null)'

# What may not exit does not; a port that is written exits once each time; what KVM logs is what was written.
QUIET='[.results[] | select(.may_exit | not) | .exits] | all(. == 0 or . == null)'
PORTS='['$RUNNERS' | select(.variant | test("^port-"))] | all(.operations == null or
	(.exits >= .operations and .exits <= .operations + 64))'
LOGGED='[.results[] | if .variant == "write-logged" then .dirty_pages == $vcpus * 256
	elif .variant == "read-logged" then .dirty_pages == 0 else .dirty_pages == null end] | all'
HELD='[.results[] | select(.workload == "malloc" or .workload == "mlock") | select(.variant != "first") | .exits] |
	all(. == 0 or . == null)'

# needing OPERATOR [WORDS]: workloads whose line "needs" does or does not have these words.
needing() {
	"$MINIVMM" --workload help | awk '/^  [a-z0-9-]+, in /{ name = substr($1, 1, length($1) - 1) }
		$1 == "needs" && $0'"$1"' / '"${2:-a guest}"'/ { print name }'
}

# on WORKLOAD VCPUS COMMAND [OPTIONS...]
on() {
	local name=$1 vcpus=$2 command=$3
	case_record "$command" "${SMALL[@]}" --smp "$vcpus" --workload "$name" "${@:4}"
	want_status 0
	want_schema
	# A control of twin is outside its interval by chance once in a thousand times.
	want_json '.verdict == "ok" or (.verdict == "disturbed" and all(.reasons[]; test("where there is nothing to differ$")))' "verdict"
	want_json "[$RUNNERS | .vcpu] | unique == [range(\$vcpus)]" "a row of each vCPU" --argjson vcpus "$vcpus"
	want_json "$QUIET" "quiet where it has to be"
	want_json "$PORTS" "ports"
	want_json "$LOGGED" "the dirty log" --argjson vcpus "$vcpus"
	want_json "$HELD" "what is there stays there"
	conclude "$command: $name, --smp $vcpus"
}

# Those that run natively as well, and those that need a guest, by the words of the help.
mapfile -t native_names < <(needing ' !~' | sort)
mapfile -t guest_names < <(needing ' ~' | sort)
mapfile -t alone < <(needing ' ~' '--smp 1')
names=("${native_names[@]}" "${guest_names[@]}")
[ ${#names[@]} = "$(grep -c '^WORKLOAD(' include/workloads.def)" ] ||
	fail_all "the help names the workloads" "only: ${names[*]}"

reason=$(no_kvm_reason)
if [ -n "$reason" ]; then
	tap_skip "workloads in a VM" "$reason"
else
	for name in "${names[@]}"; do
		[ "$name" = shootdown ] || on "$name" 1 run --accesses 64
		[[ " ${alone[*]} " = *" $name "* ]] || on "$name" 4 run --accesses 16
	done
	for name in remap malloc mlock exit; do
		on "$name" 16 run --accesses 16
	done
	on shootdown 2 run --accesses 16
	on shootdown 16 run --accesses 4
	on shootdown,remap,shootdown,malloc 3 run --accesses 4
	# Who used page tables of its own leaves them as memory like any other.
	for name in alias tlb-probe; do
		on "$name,mlock" 1 run -m 64M --working-set 54M --accesses 64
	done
	# The end of the log drops mappings; whether the pages are huge is for other tests.
	if grep -q '\[\(always\|madvise\)\]' /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null; then
		case_record run -m 1G --smp 4 --backing thp --guest-page 2M --workload dirty,chase,dirty,vpid \
			--working-set 64K --repeat 2
		want_json "[$RUNNERS] | length == 44" "all rows"
		want_json "$QUIET" "quiet where it has to be"
		conclude "run: what follows dirty finds its memory mapped, --smp 4"
	else
		tap_skip "what follows dirty" "transparent huge pages are off on this host"
	fi
fi

for name in "${native_names[@]}"; do
	for vcpus in 1 4; do
		on "$name" "$vcpus" native --accesses 64
	done
done
on malloc 16 native --accesses 64
on mlock 16 native --accesses 64
for name in "${guest_names[@]}"; do
	case_run native -m 64M --workload "$name"
	want_status 2
	want_text "$name: it needs a guest"
	conclude "native: $name is refused"
done
tap_done
