# shellcheck shell=bash
# A sweep in an emulated host: its file keeps to its schema, its cells ran or say truly why they cannot, and what each
# run counted is what theory has for its pages here. Times are an emulator's and mean nothing. Sourced, never run.
# shellcheck disable=SC2154 # said and expectation are judge.sh's

# The file, read back where it was not made: it differs from itself in nothing.
want_same_as_itself() {
	local out
	out=$("$MINIVMM" compare "$said.json" "$said.json" --json - 2>&1 >"$said.compare") || {
		problem "compare with itself: status $?: ${out:0:300}"
		return
	}
	jq -e --slurpfile sweep "$said.json" '.counts as $c | $c.marked == 0 and $c.only_a == 0 and $c.only_b == 0 and
		.differences == [] and $c.figures > 0 and
		([$sweep[0].cells[] | select(.state == "ok").figures[]] | map(.value != null)) as $has |
		$c.figures == ($has | map(select(.)) | length) and
		$c.left_out == ([$sweep[0].cells[] | select(.state != "ok")] + ($has | map(select(. | not))) | length)' "$said.compare" >/dev/null ||
		problem "compare with itself: $(jq -c '[.counts, .differences]' "$said.compare")"
}

kind_sweep() {
	local guest_1g=true
	! guest_1g_impossible || guest_1g=false
	want_status 0
	want_schema minivmm.sweep-2
	want_second_dimension
	want_json '.complete and .counts.pending == 0 and .counts.failed_runs == 0' "complete"
	want_json 'sweep_states($guest_1g)' "every cell ran in each round, or says why not" --argjson guest_1g $guest_1g
	want_json 'sweep_faults' "the first touch faults once for each leaf, nothing else does"
	want_json "sweep_leaves($OTHERS)" "leaves are of the expected size"
	want_json 'sweep_refs($levels)' "references in theory" --argjson levels "$(truth_levels)"
	want_json "$expectation" "expected"
	want_same_as_itself
}
