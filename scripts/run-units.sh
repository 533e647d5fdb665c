#!/usr/bin/env bash
# Run each cmocka binary named, one line each, then their sum. A crash or a sanitizer's report is a failure.
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tap.sh"

[ $# -gt 0 ] || die "run-units.sh: no unit test named; usage: run-units.sh BINARY..."

log=$(mktemp) && words=$(mktemp) || exit 1
trap 'rm -f "$log" "$words"' EXIT
passed=0 failed=0 skipped=0

for binary in "$@"; do
	{ CMOCKA_MESSAGE_OUTPUT=TAP UBSAN_OPTIONS=print_stacktrace=1 timeout 300 "$binary"; } >"$log" 2>"$words"
	status=$?
	tap_count_file "$log" "$status"
	if [ "$tap_failed" = 0 ]; then word=ok; else word=FAILED; fi
	printf '%s  %-6s %-28s %3d passed %3d failed %3d skipped\n' "$(elapsed)" "$word" "$(basename "$binary")" \
		"$tap_passed" "$tap_failed" "$tap_skipped"
	tap_show_skips "$log"
	if [ "$tap_failed" != 0 ]; then
		tap_show_failures "$log" $status
		head -n 60 "$words" | sed 's/^/    | /'
	fi
	passed=$((passed + tap_passed)) failed=$((failed + tap_failed)) skipped=$((skipped + tap_skipped))
done

say "units: $passed passed, $failed failed, $skipped skipped"
tap_tally $passed $failed $skipped
[ $failed = 0 ]
