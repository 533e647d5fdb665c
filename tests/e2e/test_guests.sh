#!/usr/bin/env bash
# A guest that is broken, hung or lying ends in the exit status and the message that tests/guests/expect.tsv
# names, and leaves nothing behind. It could break wherever the VMM believes something a guest wrote.
. "$(dirname "$0")/lib.sh"

need_build
need_kvm
make -s test-guests >"$T/make.log" 2>&1 || fail_all "make test-guests" "$(tail -n 20 "$T/make.log")"

before=$(host_state)
while IFS=$'\t' read -r name arguments expected regex; do
	[[ $name != '#'* ]] && [ -n "$name" ] || continue
	elf=build/guests/$name.elf
	read -r -a words <<<"$arguments"
	case_run --memory 64M --guest "$elf" "${words[@]}"
	[ -e "$elf" ] || problem "$elf was not built"
	want_status "$expected"
	want_text "$regex"
	conclude "$name: status $expected"
done <tests/guests/expect.tsv

problems=() command_line=(negative guests)
want_same_host "$before"
conclude "no guest leaves anything behind"
tap_done
