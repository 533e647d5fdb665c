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

# Whose figures they are stands beside them, with what identifies the file: the hash of another program's.
case_record --memory 64M --guest build/guests/exit_ok.elf --workload none
want_status 0
want_schema
want_json '.verdict == "payload" and (.requested.guest | .embedded == false and .path == "build/guests/exit_ok.elf"
	and .sha256 == $sha and .bytes == $bytes)' "the payload" --arg sha "$(sha256sum <build/guests/exit_ok.elf | cut -c 1-64)" \
	--argjson bytes "$(stat -c %s build/guests/exit_ok.elf)"
want_text "payload build/guests/exit_ok.elf"
conclude "a payload is named, by its hash too"

case_record --memory 64M --workload none
want_status 0
want_json '.verdict == "ok" and (.requested.guest | .embedded and .path == null and .sha256 == $sha)' "our own" \
	--arg sha "$(sha256sum <build/obj/embedded.elf | cut -c 1-64)"
conclude "the embedded guest is told as that"

# The same file given by name is the same guest.
case_record --memory 64M --guest build/obj/embedded.elf --workload none
want_status 0
want_json '.verdict == "ok" and .requested.guest.embedded' "our own by name"
conclude "the embedded guest by its name is no payload"

problems=() command_line=(negative guests)
want_same_host "$before"
conclude "no guest leaves anything behind"
tap_done
