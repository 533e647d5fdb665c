#!/usr/bin/env bash
# The minimal VMM stands alone: a program of core/, host/, output/ and util/ links, boots a payload and tells its exit byte.
# It could break wherever core comes to need the laboratory, or tells something through it alone.
. "$(dirname "$0")/lib.sh"

command_line=(make core-test) status=0
make -s core-test test-guests >"$T/out" 2>"$T/err" || status=$?
want_status 0
conclude "core links without lab, theory and cli"
[ -z "$(no_kvm_reason)" ] || {
	tap_skip "core boots a payload" "$(no_kvm_reason)"
	tap_done
	exit
}

# boots PAYLOAD STATUS TEXT: TEXT is all that it prints.
boots() {
	command_line=(build/core-test "build/guests/$1.elf") status=0
	build/core-test "build/guests/$1.elf" >"$T/out" 2>"$T/err" || status=$?
	want_status "$2"
	[ "$(cat "$T/out")" = "$3" ] || problem "it printed '$(cat "$T/out")'"
	conclude "core boots $1: status $2"
}
boots hello 0 "hello from a guest
exit byte 0x10"
boots exit_ok 0 "exit byte 0x10"
boots panic_record 3 "exit byte 0x11"
boots exit_unsupported 77 "exit byte 0x12"
boots triple_fault 3 ""
tap_done
