#!/usr/bin/env bash
# In a control group of its own, with a limit that is real: what the kernel would do to the run is told before it does, or in
# the verdict after it did. It could break because a limit is looked for in another file than the one that the kernel obeys.
. "$(dirname "$0")/lib.sh"

need_build
[ "$(id -u)" = 0 ] || skip_all "limits" "control groups are root's"

# Groups of this file, below this shell's own or the root of the hierarchy: emptied and removed at the end.
groups=()
remove_groups() {
	local i
	for ((i = ${#groups[@]} - 1; i >= 0; i--)); do
		rmdir "${groups[i]}" 2>/dev/null || problem "the group ${groups[i]} is still there"
	done
	groups=()
}

# group CONTROLLER V1_DIR V1_FILE=VALUE... -- V2_FILE=VALUE...: makes $group. Fails where the host has no such controller.
group() {
	local controller=$1 setting
	shift
	group=/sys/fs/cgroup/$controller/minivmm-test-$$
	if [ ! -d "/sys/fs/cgroup/$controller" ]; then
		group=/sys/fs/cgroup/minivmm-test-$$
		grep -qw "$controller" /sys/fs/cgroup/cgroup.subtree_control 2>/dev/null || return 1
		while [ "$1" != -- ]; do shift; done
		shift
	fi
	mkdir "$group" || return 1
	groups+=("$group")
	for setting in "$@"; do
		[ "$setting" != -- ] || break
		echo "${setting#*=}" >"$group/${setting%%=*}" || return 1
	done
}

# As case_run, from within $group.
inside() {
	case_command sh -c 'echo $$ >"$0"/cgroup.procs && exec "$@"' "$group" "$MINIVMM" "$@"
}

quota() {
	local runs=(native)
	if ! group cpu cpu.cfs_period_us=100000 cpu.cfs_quota_us=20000 -- "cpu.max=20000 100000"; then
		tap_skip "a CPU quota" "no cpu controller for a group of one's own"
		return
	fi
	inside check
	want_status 0
	want_text "a control group's CPU quota: 0.20 CPUs"
	want_text "(cpu.cfs_quota_us|cpu.max)"
	conclude "check: a quota disturbs"

	inside check --require vcpus=1
	want_status 6
	want_text "not met.*CPUs wanted"
	conclude "check: a quota below the vCPUs"

	[ -n "$(no_kvm_reason)" ] || runs+=(run)
	for kind in "${runs[@]}"; do
		inside "$kind" -m 128M --workload chase --working-set 32M --repeat 80 --json "$T/run.json"
		want_status 0
		want_json '.verdict == "disturbed"' "the verdict"
		want_json '[.results[].throttled_share] | max > 0.02 and max <= 1' "the share of time lost"
		want_text "CPU quota of a control group"
		conclude "$kind: a quota that stops it disturbs"
	done
	remove_groups
	case_run native -m 128M --workload chase --working-set 32M --repeat 4 --json "$T/run.json"
	want_json '[.results[].throttled_share] | max == 0' "nothing was lost"
	conclude "without a quota nothing is throttled"
}

quota
remove_groups
tap_done
