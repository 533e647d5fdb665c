# shellcheck shell=bash
# `minivmm explain` in an emulated host: what it read of the guest's tables and of the host's pages has to be what was asked
# for, KVM's own walker has to agree, and the references are those that theory has for this host. Sourced, never run.
# shellcheck disable=SC2154 # said, arguments and expectation are judge.sh's

# An address in the arena: its moments, the bits that the accesses leave, the pages that were asked for. No window is written.
want_touched() {
	want_json 'explained | all(moments == ["before", "after read"] + if .window != null then [] else ["after write"] end)' \
		"read, then written"
	want_json 'explained | all(.walks | all(.fault == "none" and .exception == null))' "no fault"
	want_json 'explained | all(leaf_at(0) | (has_a or has_d) | not)' "A and D are clear before"
	want_json 'explained | all((.walks[1].steps | all(has_a)) and (leaf_at(1) | has_d | not))' "the read sets A alone"
	want_json 'explained | all(.window != null or ((.walks[2].steps | all(has_a)) and (leaf_at(2) | has_d)))' "the write sets D"
	want_json 'explained | all(.window == null or window_is_as_asked)' "the window's slot and leaf"
	want_json 'explained | all(pages_as_asked)' "pages of both dimensions as asked for"
	want_json 'explained | all(.references_total == theory_of($levels))' "references in theory" \
		--argjson levels "$(truth_levels)"
}

kind_explain() {
	if [[ $arguments == *"--guest-page 1G"* || $arguments == *"--before-after 1G"* ]] && guest_1g_impossible; then
		want_status 77
		want_text 'pdpe1gb|CPUID'
		return
	fi
	want_status 0
	want_schema minivmm.explain-1
	want_json 'explained | all(.host.second_dimension == $second)' "second dimension" --arg second "$(truth_second)"
	[ "$(truth_second)" = shadow ] ||
		want_json 'explained | all(.host.levels == $is)' "levels" --argjson is "$(truth_levels)"
	want_json 'explained | all(.kind == if $second == "shadow" then "shadow" else "nested" end)' "kind of walk" \
		--arg second "$(truth_second)"
	want_json 'explained | all(places_are_sound)' "places in slots, of pages that are there, with their frames"
	want_json 'explained | all(agrees_with_kvm)' "KVM's own walker agrees"
	[ "$(jq '[.explanations[]?.touched] | any' "$said.json" 2>/dev/null)" != true ] || want_touched
	want_json "$expectation" "expected"
}
