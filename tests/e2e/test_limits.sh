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


used_kib() {
	echo $(($(cat "$group"/memory.usage_in_bytes "$group"/memory.current 2>/dev/null) / 1024))
}

# Once the group uses KIB, another process in it takes 70 MiB more: the kernel has to kill the largest, which is the run.
eat_when_used() {
	local i
	for ((i = 0; i < 600 && $(used_kib) < $1; i++)); do sleep 0.05; done
	head -c 70M /dev/zero | sh -c 'echo $$ >"$0"/cgroup.procs && exec tail -c 70M' "$group" >/dev/null 2>&1
}

memory() {
	local kinds=(native) kind try
	if ! group memory memory.limit_in_bytes=128M memory.swappiness=0 -- memory.max=128M memory.swap.max=0; then
		tap_skip "a memory limit" "no memory controller for a group of one's own"
		return
	fi
	inside check --require memory=1G
	want_status 6
	want_text 'memory limit +- +128M'
	want_text 'memory=1G .*memory.(max|limit_in_bytes) is 128 MiB and leaves'
	conclude "check: memory= is held against the group's limit"

	[ -n "$(no_kvm_reason)" ] || kinds+=(run "run --backing thp")
	for kind in "${kinds[@]}"; do
		# shellcheck disable=SC2086 # several words
		inside $kind -m 512M --workload chase --working-set 1M,256M --repeat 2
		want_status 1
		want_text 'touches 25[68] MiB .*, but .*memory.(max|limit_in_bytes) \(128 MiB\) leaves 12[0-9] MiB'
		try=$(sed -n 's/^minivmm: try: //p' "$T/err")
		# shellcheck disable=SC2086 # the cure as printed
		inside $kind -m 512M --workload chase --repeat 2 $try
		want_status 0
		conclude "$kind: more than the group may have is refused, and the cure works"
	done
	if [ -z "$(no_kvm_reason)" ]; then
		inside run --workload none -m 80G --alias-memory 128M --guest-page 4K
		want_status 1
		want_text "touches 16[0-9] MiB \\(16[0-9] of them the guest's page tables\\), but .*\\(128 MiB\\) leaves 12[0-9] MiB"
		conclude "run: page tables that are more than the group may have are refused"
	fi
	inside native -m 512M --prealloc --workload none
	want_status 1
	want_text 'cannot all be populated: .*memory.(max|limit_in_bytes)'
	conclude "--prealloc of more than the group may have is refused"

	rm -f "$T/run.json"
	eat_when_used 80000 &
	inside native -m 512M --workload chase --working-set 1M,80M --repeat 800 --json "$T/run.json"
	wait $!
	want_status 137
	want_text 'done: chase, 1M: median'
	[ ! -e "$T/run.json" ] || problem "a record that looks whole"
	mv "$T/run.json.partial" "$T/run.json"
	want_json '.verdict == "interrupted" and .results[0].working_set_bytes == 1048576' "what was done"
	want_json '[.reasons[] | select(startswith("partial"))] | length == 1' "it says that it is partial"
	want_schema
	conclude "killed for its memory: what was done is there"

	inside native -m 512M --workload packed --working-set 1M --repeat 2 --json "$T/run.json"
	want_status 0
	want_no_text 'done:'
	[ ! -e "$T/run.json.partial" ] || problem "the partial record is still there"
	conclude "the partial record goes when the whole one comes"

	if [ -z "$(no_kvm_reason)" ]; then
		eat_when_used 80000 &
		inside sweep --backing anon --guest-page 4K --prealloc off -m 256M --workload chase --working-set 80M \
			--repeat 800 --allocations 1 --retries 0
		wait $!
		want_text 'OOM killer of the control group: .*memory.(max|limit_in_bytes) is 128 MiB'
		want_no_text 'it said nothing'
		conclude "sweep: who killed its run is told"
	else
		tap_skip "sweep: who killed its run is told" "$(no_kvm_reason)"
	fi
	remove_groups
}

# All of a host's memory has page tables of a 512th of it.
tables() {
	local name="explain: page tables that are more than the group may have are refused" gib
	gib=$(($(awk '/^MemTotal:/ { print $2 }' /proc/meminfo) / 1048576))
	if [ -n "$(no_kvm_reason)" ] || [ $gib -lt 12 ]; then
		tap_skip "$name" "no KVM, or less than 12 GiB of memory"
	elif ! group memory memory.limit_in_bytes=12M -- memory.max=12M; then
		tap_skip "$name" "no memory controller for a group of one's own"
	else
		inside explain -m ${gib}G --guest-page 4K
		want_status 1
		want_text "touches [0-9]+ MiB \\([0-9]+ of them the guest's page tables\\), but .*\\(12 MiB\\)"
		conclude "$name"
		remove_groups
	fi
}

quota
memory
tables
remove_groups
tap_done
