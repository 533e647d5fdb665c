# shellcheck shell=bash
# Test results as TAP: what a test file prints, and how the output of one is counted. Sourced, never run.

TAP_COUNT=0
TAP_FAILED=0
TAP_SKIPPED=0

tap_ok() {
	TAP_COUNT=$((TAP_COUNT + 1))
	printf 'ok %d - %s\n' "$TAP_COUNT" "$1"
}

# tap_fail NAME [DETAILS]: each line of the details becomes a comment.
tap_fail() {
	TAP_COUNT=$((TAP_COUNT + 1))
	TAP_FAILED=$((TAP_FAILED + 1))
	printf 'not ok %d - %s\n' "$TAP_COUNT" "$1"
	[ -z "${2-}" ] || printf '%s\n' "$2" | sed 's/^/#   /'
}

# tap_skip NAME REASON: not a pass.
tap_skip() {
	TAP_COUNT=$((TAP_COUNT + 1))
	TAP_SKIPPED=$((TAP_SKIPPED + 1))
	printf 'ok %d - %s # SKIP %s\n' "$TAP_COUNT" "$1" "$2"
}

# Last in a test file: the plan, and the status to exit with.
tap_done() {
	printf '1..%d\n' "$TAP_COUNT"
	[ "$TAP_FAILED" = 0 ]
}

# Count the TAP in a file: sets tap_passed, tap_failed, tap_skipped. $2 is the exit status of what wrote it:
# a program that ended badly, or short of its plan, without naming a failure is one failure more.
# cmocka prints a skipped test as "not ok N # SKIP name", so SKIP is looked for first.
tap_count_file() {
	local planned
	read -r tap_passed tap_failed tap_skipped planned < <(awk '
		/^(not )?ok [0-9]+.*# *SKIP/ { skipped++; next }
		/^ok [0-9]+/ { passed++; next }
		/^not ok [0-9]+/ { failed++; next }
		/^1\.\.[0-9]+$/ { planned += substr($0, 4) }
		END { print passed + 0, failed + 0, skipped + 0, planned + 0 }' "$1")
	if [ "$tap_failed" = 0 ] && { [ "$2" != 0 ] || [ "$planned" = 0 ] ||
		[ $((tap_passed + tap_skipped)) != "$planned" ]; }; then
		tap_failed=1
	fi
}

# Add the last counts to the file that test.sh sums up, where there is one.
tap_tally() {
	[ -z "${MINIVMM_TALLY-}" ] || printf '%d %d %d\n' "$1" "$2" "$3" >>"$MINIVMM_TALLY"
}

# Show the failed tests of a TAP file with their comments; its end where it ended badly ($2) or named no failure.
tap_show_failures() {
	awk '/^not ok/ && !/# *SKIP/ { print "    " $0; shown = 1; next }
		/^(ok|not ok|1\.\.)/ { shown = 0; next }
		shown { print "    " $0 }' "$1" | head -n 80
	if [ "$2" -gt 1 ] || ! grep -v '# *SKIP' "$1" | grep -q '^not ok'; then
		say "    exit status $2, and the last it said:"
		tail -n 40 "$1" | sed 's/^/    | /'
	fi
}

# Skipped tests, those with one reason together. A unit test names its reason on a line of its own before the result.
tap_show_skips() {
	awk '/# *SKIP/ {
			name = $0; reason = why
			sub(/^(not )?ok [0-9]+ *-? */, "", name)
			if (name ~ /^# *SKIP /) sub(/^# *SKIP */, "", name)
			else { reason = name; sub(/.*# *SKIP */, "", reason); sub(/ *# *SKIP.*/, "", name) }
			if (!(reason in count)) order[++reasons] = reason
			names[reason] = names[reason] (count[reason]++ ? ", " : "") name
			why = ""; next
		}
		/^(ok|not ok|1\.\.)/ { why = ""; next }
		{ why = $0; sub(/^#? */, "", why) }
		END {
			for (i = 1; i <= reasons; i++)
				printf "    skipped %d (%s): %s\n", count[order[i]], order[i], names[order[i]]
		}' "$1"
}
