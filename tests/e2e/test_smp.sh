#!/usr/bin/env bash
# Two vCPUs run the same plan on slices of their own behind one gate: figures of each and of both together.
# It could break where vCPUs share a result block, a page-table leaf, or a start that is not a common start.
. "$(dirname "$0")/lib.sh"

need_build
need_tool jq

# The CPUs that a process may run on here: 0 need not be one of them.
mapfile -t cpus < <(awk '$1 == "Cpus_allowed_list:" { n = split($2, part, ",")
	for (i = 1; i <= n; i++) { last = split(part[i], end, "-"); for (cpu = end[1]; cpu <= end[last]; cpu++) print cpu } }' \
	/proc/self/status)
commands=(native)
reason=$(no_kvm_reason)
if [ -z "$reason" ]; then
	commands+=(run)
else
	tap_skip "SMP in a VM" "$reason"
fi

for command in "${commands[@]}"; do
	case_record "$command" -m 256M --smp 2 --workload touch,packed,chase,gups --working-set 8M --repeat 3 --accesses 100000
	want_status 0
	want_schema
	want_json '.requested.vcpus == 2' "two vCPUs"
	want_json '[.results[] | select(.workload == "chase") | .vcpu] | sort == [null, 0, 1] or sort == [-1, 0, 1]' \
		"rows of each vCPU and of both"
	want_json '[.results[] | select(.workload == "chase" and (.vcpu == 0 or .vcpu == 1)) | .median] | all(. > 0)' "figures"
	if [ "$command" = run ]; then
		want_json '[.results[] | select(.workload == "chase") | .exits] | all(. == 0)' "quiet timed parts"
	fi
	conclude "$command: two vCPUs"

	case_record "$command" -m 256M --smp 2 --workload packed,chase --working-set 1M --repeat 35 --accesses 20000
	want_status 0
	want_json '[.results[] | [.workload, .vcpu // -1, .rounds, (.samples | length)]] | sort ==
		[("chase", "packed") as $w | (-1, 0, 1) as $vcpu | [$w, $vcpu, 8, 35]]' "35 samples of each vCPU in eight rounds"
	want_json '.translation | length == 1 and .[0].rounds >= 4 and .[0].rounds <= 8 and .[0].within_allocation[0] <= .[0].cost
		and .[0].cost <= .[0].within_allocation[1]' "a difference of each round that has a sample which counts"
	conclude "$command: packed and chase take turns on two vCPUs"

	case_record "$command" -m 256M --smp 2 --pin "${cpus[0]}" --workload chase --working-set 64K --repeat 3 --accesses 100000
	want_status 0
	conclude "$command: two vCPUs on one CPU still meet at the gate"

	if [ ${#cpus[@]} -lt 2 ]; then
		tap_skip "$command: pinned apart" "one CPU only"
	else
		case_record "$command" -m 256M --smp 2 --pin "${cpus[0]},${cpus[1]}" --workload chase --working-set 1M --repeat 3 --accesses 100000
		want_status 0
		conclude "$command: pinned apart"
	fi

	case_record "$command" -m 512M --smp 4 --guest-page 4K --workload chase --working-set 64K --repeat 2 --accesses 20000
	[ "$command" = run ] || case_record "$command" -m 512M --smp 4 --workload chase --working-set 64K --repeat 2 --accesses 20000
	want_status 0
	want_json '[.results[] | select(.vcpu != null and .vcpu >= 0)] | length == 4' "four rows"
	conclude "$command: more vCPUs than CPUs"
done
tap_done
