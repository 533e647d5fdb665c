#!/usr/bin/env bash
# `minivmm observe` tells of a running VM that another process made what that one's own record says, and of what it may not see
# that it does not. It could break because the counts come from another process's file, which may end at any time, and
# because a user who may not look must not be told that there is nothing.
. "$(dirname "$0")/lib.sh"

need_build
need_tool jq

FLEET=tests/fixtures/observe/fleet
NOBODY=(setpriv --reuid=65534 --regid=65534 --clear-groups)

target=
stop_target() {
	[ -z "$target" ] || kill "$target" 2>/dev/null
	target=
}
trap 'stop_target; cleanup' EXIT

observe_json() {
	rm -f "$T/run.json"
	case_run observe --json "$T/run.json" "$@"
}

recorded() {
	observe_json --root $FLEET --require huge=95%
	want_status 6
	want_schema_of minivmm.observe-1
	[ "$(wc -L <"$T/out")" -le 100 ] || problem "wider than 100 columns"
	! grep -q "$(printf '\033')" "$T/out" "$T/err" || problem "a name commands the terminal"
	want_text '^web-02 .* huge$'
	conclude "a recorded host"

	case_run observe --root $FLEET --pid 102 --expect 2M
	want_status 0
	case_run observe --root $FLEET --pid 301 --expect 2M
	want_status 5
	want_text '48121 of 4K.*where 2M were expected'
	conclude "--expect: 0 and 5"

	case_run observe --root $FLEET --name web --require huge=95%,local=60% --tap
	want_status 0
	want_text '^1\.\.4$'
	want_text '^ok 3 - huge=95% web-02$'
	conclude "--require and --tap"

	case_run observe --root $FLEET --pid 1101
	want_status 77
	want_text 'of 2 VMs it shows 1'
	case_run observe --root $FLEET --pid 4711
	want_status 77
	want_text 'no such process'
	conclude "77 where nothing can be seen"

	case_run observe --require help
	want_status 0
	want_text 'local=PERCENT%'
	conclude "--require help"
}

others() {
	sleep 30 &
	case_run observe --pid $!
	kill $!
	want_status 77
	want_text 'no VM open'
	conclude "a process without KVM"

	if ! is_root; then
		tap_skip "what a user may list and not read; a PID namespace" "only root can be another user"
		return
	fi
	# The same user of another group lists its files, and is not told what they are: that is not "none".
	setpriv --reuid=65534 --regid=65534 --clear-groups bash -c 'exec -a minivmm sleep 30' &
	target=$!
	timeout 10 sh -c 'until grep -q ^minivmm "/proc/$1/cmdline"; do sleep 0.1; done' - $target
	case_command setpriv --reuid=65534 --regid=1 --clear-groups "$MINIVMM" observe --pid $target
	stop_target
	want_status 77
	want_text 'not seen +what it has open: Permission denied; it takes root'
	conclude "what a user may list and not read"

	case_command unshare --pid --fork --mount-proc "$MINIVMM" observe --all
	want_status 77
	want_text 'observe from outside the container'
	conclude "a PID namespace"
}

# A minivmm that stays until it is stopped: millions of samples of one workload.
start_target() {
	"$MINIVMM" -m 64M --label observed --workload chase --working-set 4M --repeat 896 --accesses 1000000000 --json "$T/target.json" \
		"$@" >"$T/target.out" 2>&1 &
	target=$!
	timeout 30 sh -c 'until "$1" observe --pid "$2" --quiet --json "$3" && jq -e ".vms[0].pages_4k > 1000" "$3"; do sleep 0.2; done' \
		- "$MINIVMM" $target "$T/run.json" >/dev/null 2>&1
}

running() {
	local second
	if [ -n "$(no_kvm_reason)" ]; then
		tap_skip "a running minivmm" "$(no_kvm_reason)"
		return
	fi
	start_target --prealloc || problem "it never had 1000 leaves"
	"$MINIVMM" observe --pid "$target" --json "$T/run.json" >"$T/out" 2>"$T/err"
	status=$?
	want_status 0
	want_schema_of minivmm.observe-1
	want_json '.vms[0] | .vmm == "minivmm" and .name == "observed" and .vms == 1 and .vcpus == 1' "who it is"
	want_json '.vms[0] | .ram == "anonymous" and .ram_bytes == 67108864 and .resident_bytes == 67108864 and .huge_bytes == 0' "its RAM"
	want_json '.vms[0] | .proof != "none" and .pages_4k >= 1024 and .pages_2m == 0 and .shares.huge_leaves == 0' "its leaves"
	conclude "a running minivmm"

	second=$(jq -r .host.second_dimension "$T/run.json")
	case_run observe --pid "$target" --expect 4K
	case $second in
	ept | npt) want_status 0 ;;
	*) want_status 77 ;;
	esac
	case_run observe --name observed --require huge=1%
	want_status 6
	conclude "what is expected of it"

	case_command "${NOBODY[@]}" "$MINIVMM" observe --pid "$target"
	if is_root; then
		want_status 77
		want_text 'not seen +what it has open: Permission denied; it takes root'
		conclude "another user is told what it takes"
	else
		tap_skip "another user is told what it takes" "only root can be another user"
	fi

	# It ends while it is watched: what is reported is the last reading that had it.
	rm -f "$T/run.json"
	"$MINIVMM" observe --pid "$target" --watch 1 --json "$T/run.json" >"$T/out" 2>"$T/err" &
	second=$!
	timeout 60 sh -c 'until [ "$(grep -c "leaves [1-9]" "$1")" -ge 2 ]; do sleep 0.2; done' - "$T/out"
	stop_target
	wait $second
	status=$?
	want_status 0
	want_json '.readings >= 2 and .seconds > 0 and .vms[0].pages_4k >= 1024' "the last reading"
	[ "$(grep -c 'resident 64M  leaves [1-9]' "$T/out")" -ge 2 ] || problem "not a line for each reading"
	conclude "--watch until the VM ends"
}

# QEMU boots the same guest, and counts for itself. Its monitor is no proof of another process.
monitor() {
	local name="a QEMU by its monitor" qemu
	if [ -n "$(no_kvm_reason)" ] || ! have qemu-system-x86_64; then
		tap_skip "$name" "no KVM, or qemu-system-x86_64 is not installed"
		return
	fi
	case_run -m 256M --workload chase --working-set 4M --repeat 896 --accesses 1000000000 --dump-fdt "$T/params.dtb"
	qemu-system-x86_64 -M microvm -accel kvm -cpu host,-arch-capabilities -m 256M -name vm-1 -nodefaults -no-reboot -display none \
		-kernel "$GUEST_ELF" -initrd "$T/params.dtb" -qmp "unix:$T/qmp,server=on,wait=off" >"$T/qemu.out" 2>&1 &
	qemu=$!
	timeout 60 sh -c 'until "$1" observe --pid "$2" --qmp "$3" --quiet --json "$4" && jq -e ".vms[0].pages_4k > 0" "$4"; do
		sleep 0.2; done' - "$MINIVMM" $qemu "$T/qmp" "$T/run.json" >/dev/null 2>&1
	observe_json --pid $qemu --qmp "$T/qmp"
	want_status 0
	want_schema_of minivmm.observe-1
	want_json '.vms[0] | .vmm == "QEMU" and .name == "vm-1" and .ram_bytes == 268435456' "who it is"
	want_json '.vms[0] | (.proof == "QMP" or .proof == "debugfs") and .pages_4k + .pages_2m > 0' "its leaves"
	conclude "$name"
	if [ "$(json '.vms[0].proof')" = QMP ]; then
		case_run observe --pid $qemu
		want_status 77
		want_text 'QEMU tells by itself: --qmp SOCKET'
		case_run observe --pid $qemu --qmp "$T/nothing"
		want_status 77
		want_text 'nothing: No such file or directory'
		conclude "what no monitor tells"
	fi
	stop_target
	kill $qemu
	wait $qemu 2>/dev/null
}

# One page of advice; half a minute of measuring.
advice() {
	if [ -n "$(no_kvm_reason)" ]; then
		tap_skip "advise" "$(no_kvm_reason)"
		return
	fi
	start_target
	rm -f "$T/run.json"
	CASE_TIMEOUT=600 case_run advise --from-running --json "$T/run.json"
	stop_target
	want_status 0
	want_text '^running +[1-9]'
	want_text '^worth it +(yes|no|not sure), '
	want_text 'guest pages of 4K on thp: [0-9.]+ times as fast \([0-9.]+ to [0-9.]+\): (yes|no|not sure)'
	want_text '^how many +(node 0: )?[1-9][0-9]* pages of 2M'
	want_schema_of minivmm.advise-1
	want_json '(.needs | length > 0 and all(.pages_2m > 0)) and (.gains | length > 0 and all(.from <= .faster and .faster <= .to))' "the page as JSON"
	want_json '.answer as $answer | [.gains[] | select(.guest_page == "4K").answer] | any(. == $answer)' "one answer"
	[ "$(wc -L <"$T/out")" -le 100 ] || problem "wider than 100 columns"
	conclude "advise"
}

recorded
others
running
monitor
advice
tap_done
