# shellcheck shell=bash
# What an emulated host said, against what it had to say. One function for each kind of case in cases.tsv. The facts
# that the kernel told about itself are the truth; nothing here asks minivmm what kind of host it is. Sourced.

# log_split LOG DIRECTORY: frames into files, DIRECTORY/<host>/facts and <host>/<case>.{status,out,trace,json}
log_split() {
	local packed
	[ -s "$1" ] || return
	tr -d '\r' <"$1" | awk -v dir="$2" '
		/^@@ host / { host = dir "/" $3; system("mkdir -p \"" host "\""); file = host "/facts"; next }
		/^@@ case / { name = host "/" substr($0, 9); file = ""; next }
		/^@@ status / { print $3 >(name ".status"); file = name ".out"; next }
		/^@@ wide$/ { file = name ".wide"; next }
		/^@@ trace$/ { file = name ".trace"; next }
		/^@@ json$/ { file = name ".packed"; next }
		/^@@ alive$/ { next }
		/^@@ end$/ { file = ""; next }
		/^@@ done$/ { print "yes" >(dir "/done"); file = ""; next }
		file != "" { print >file }'
	find "$2" -name '*.packed' | while read -r packed; do
		base64 -d "$packed" 2>/dev/null | gzip -dc >"${packed%.packed}.json" 2>/dev/null || rm -f "${packed%.packed}.json"
	done
}

problems=()
problem() {
	problems+=("$*")
}

fact() {
	sed -n "s/^fact $1 //p" "$facts"
}

# The second dimension that this host has, by the modules' own parameters.
truth_second() {
	case $(fact "param kvm_intel.ept")$(fact "param kvm_amd.npt") in
	Y | 1) [ -n "$(fact "param kvm_intel.ept")" ] && echo ept || echo npt ;;
	*) echo shadow ;;
	esac
}

has_flag() {
	[[ " $(fact flags) $(fact vmx) " == *" $1 "* ]]
}

# want_host HOST: the kernel says that this is the host that it is meant to be.
want_host() {
	local word
	for word in $(host_row "$1" | cut -f 7); do
		case $word in
		+*) has_flag "${word#+}" || problem "the CPU has no ${word#+}" ;;
		-*) ! has_flag "${word#-}" || problem "the CPU has ${word#-}" ;;
		*) [ "$(fact "param ${word%=*}")" = "${word#*=}" ] ||
			problem "${word%=*} is '$(fact "param ${word%=*}")', not ${word#*=}" ;;
		esac
	done
}

want_status() {
	[ "$status" = "$1" ] || problem "exit status $status, expected $1"
}

# What it said fits a screen. Messages of what went wrong are one line each, and a bad guest says what it likes.
want_narrow() {
	[ "$status" != 0 ] || [ "$kind" = refused ] || [ ! -s "$said.wide" ] || problem "wider than 100 columns: $(head -n 1 "$said.wide")"
}

want_text() {
	grep -qE -- "$1" "$said.out" || problem "no line matches: $1"
}

# want_json FILTER WHAT [JQ-OPTIONS...]: true for the record. Filters may use the words of words.jq.
WORDS=$(cat "$HERE/words.jq")
want_json() {
	local filter=$1 what=$2 error
	shift 2
	if [ ! -s "$said.json" ]; then
		problem "no record for: $what"
	elif ! error=$(jq -e "$@" "$WORDS $filter" "$said.json" 2>&1 >/dev/null); then
		problem "$what: not true of the record: $filter ${error:0:200}"
	fi
}

# want_schema NAME: the file keeps to that schema.
want_schema() {
	local out
	if ! /usr/bin/python3 -W ignore -c 'import jsonschema' 2>/dev/null; then
		problem "no validator for its schema: python3-jsonschema is not installed (scripts/deps.sh test)"
		return
	fi
	out=$(/usr/bin/python3 -W ignore -m jsonschema --error-format '{error.json_path}: {error.validator}: {error.message} ' \
		-i "$said.json" "tests/schema/$1.json" 2>&1) ||
		problem "it breaks its schema: ${out:0:300}"
}

want_second_dimension() {
	want_json '.host.second_dimension == $second' "second dimension" --arg second "$(truth_second)"
	[ "$(truth_second)" = shadow ] ||
		want_json '.host.second_dimension_levels == $is' "levels" --argjson is "$(truth_levels)"
}

# Every record: what KVM is here, and that nothing disturbed it.
want_record() {
	want_status 0
	want_json '.verdict == "ok"' "verdict"
	want_second_dimension
	want_json '[.results[] | select(.workload == "chase" or .workload == "packed") | .exits] | all(. == 0)' "chase exits nowhere"
}

# Hardware that walks two tables gives guests 1G pages only where it has them itself; KVM's own tables always can.
guest_1g_impossible() {
	[ "$(truth_second)" != shadow ] && ! has_flag pdpe1gb
}

# A few leaves always map other things than the arena: the guest's image, KVM's own pages.
OTHERS=8

kind_matrix() {
	if [[ $arguments == *"--guest-page 1G"* ]] && guest_1g_impossible; then
		want_status 77
		want_text 'pdpe1gb|CPUID'
		return
	fi
	want_record
	want_json 'leaves | all(. != null)' "leaves are counted"
	want_json 'leaves[level] >= ([4194304 / leaf, 1] | max)' "the arena is on leaves of the expected size"
	want_json "leaves[level + 1:] | all(. <= $OTHERS)" "no larger leaves"
	want_json "(two_dimensional | not) or (leaves[:level] | all(. <= $OTHERS))" "no smaller leaves"
	want_json 'leaf as $leaf | faults("first") | length == 1 and
		if $leaf < 1073741824 then .[0] == 4194304 / $leaf else .[0] <= 1 end' \
		"faults of the first touch (a 1G page may hold the guest's image too)"
	want_json 'faults("second") == [0]' "the second pass has no faults"
}

# The phases of the trace, by vCPU (threads are made in their order), as JSON.
phases_seen() {
	jq -nRc '[inputs | select(startswith("phase ")) | split(" ")[1:] | map(split("=") | {(.[0]): .[1] | tonumber}) | add |
		.reasons = (with_entries(select(.key | startswith("reason."))) | with_entries(.key |= ltrimstr("reason.")))] |
		group_by(.thread) | add // []' "$said.trace"
}

# What the kernel said of itself that changes what exits, for expectations.
switches_json() {
	local flexpriority=false ept_cpu=false
	! param_is_on kvm_intel.flexpriority || flexpriority=true
	! has_flag ept || ept_cpu=true
	echo "{\"flexpriority\": $flexpriority, \"ept_cpu\": $ept_cpu}"
}

# Each row of the record beside the phase that the kernel's tracepoints saw (.seen, .seen_faults): every count has to be
# the same, so a fault or an exit more or less is a lie of one side. Then what the case expects of both.
kind_exits() {
	local seen
	want_record
	! grep -qE '^(overrun|dropped events): [1-9]' "$said.trace" || problem "the trace buffer was too small"
	[ -e "$said.trace" ] || : >"$said.trace"
	seen=$(phases_seen 2>/dev/null)
	want_json '[rows] | length == ($seen | length)' "as many phases as rows" --argjson seen "${seen:-[]}"
	[ ! -s "$said.json" ] || { jq --argjson seen "${seen:-[]}" "$WORDS with_phases(\$seen)" "$said.json" >"$said.both" &&
		mv "$said.both" "$said.json"; }
	want_json '[rows | .exits + .interrupts == .seen_exits] | all' "exits as the tracepoint saw them"
	want_json '[rows | .interrupts == .seen_interrupts] | all' "interrupts of the host as the tracepoint saw them"
	want_json '[rows | .page_faults == .seen_faults or (emulates_faults and .page_faults < .seen_faults)] | all' \
		"faults as the tracepoint saw them"
	want_json "$expectation" "expected" --argjson switches "$(switches_json)"
}

# KVM_PRE_FAULT_MEMORY came with Linux 6.10 and needs tables that KVM walks by guest-physical address.
kind_prefault() {
	if kernel_has_prefault; then
		want_record
		want_json "$expectation" "nothing left to fault"
	else
		want_status 77
		want_text 'prefault'
		want_text '6\.10'
	fi
}

kind_run() {
	want_record
	want_json "$expectation" "expected"
}

# A lesson: every answer that this kind of host can give was checked and right. Most of them are one.
kind_lesson() {
	want_status 0
	want_text '^3 questions: [23] answers checked, 0 wrong, [01] for other hosts$'
}

# The matrix of Linux guests: leaves and verdicts, never the rates of an emulated host.
kind_stress() {
	want_status "${expectation%% *}"
	want_json "${expectation#* }" "expected"
}

# A unit test for which this host was made: it runs, whole.
kind_unit() {
	want_status 0
	want_text 'PASSED.* [1-9][0-9]* test'
	! grep -q SKIPPED "$said.out" || problem "skipped: $(grep '^#' "$said.out" | head -n 1)"
}

# A VM that another process made, observed: what debugfs counts is what the process's own statistics file does.
kind_observe() {
	want_status "${expectation%% *}"
	want_schema minivmm.observe-1
	want_json '.vms | length == 1 and .[0].proof == "debugfs" and .[0].vcpus == 1' "one VM, by debugfs"
	want_second_dimension
	want_json ".vms[0] | ${expectation#* }" "expected"
	[[ $arguments == *"-- qemu"* ]] || want_text "$(jq -r '.vms[0] |
		"^leaves +\(.pages_4k) of 4K, \(.pages_2m) of 2M, \(.pages_1g) of 1G by statistics file"' "$said.json")"
}

# Also the bad guests: the same answers to them as on any host (tests/guests/expect.tsv).
kind_refused() {
	want_status "${expectation%% *}"
	want_text "${expectation#* }"
}

# End of a case: one TAP line; where something was wrong, all of it, with what was run and what it said.
conclude() {
	if [ ${#problems[@]} = 0 ]; then
		tap_ok "$1"
		return
	fi
	tap_fail "$1" "$(
		printf '%s\n' "${problems[@]}"
		printf 'command: minivmm %s\n' "$arguments"
		[ ! -s "$said.out" ] || { echo "it said:" && tail -n 12 "$said.out" | cut -c1-200; }
		[ ! -s "$said.trace" ] || { echo "trace:" && head -n 20 "$said.trace"; }
		[ ! -s "$said.json" ] || jq -c '.observed // empty, (.results[]? | {workload, variant, vcpu, exits, page_faults})' "$said.json"
	)"
}

# Why a host has no results: how far it came, and what was last on its serial port or said by the emulator.
last_words() {
	local log=$1/serial.log
	[ -s "$log" ] || log=$1/emulator.log
	echo "it did not come to its end; the last of $log:"
	tail -n 25 "$log" 2>/dev/null | tr -d '\r\033' | cut -c1-200
}

# judge_host DIRECTORY HOST: every case that this host had to run. Those that never ran fail as one.
judge_host() {
	local dir=$1 host=$2 name kind expectation arguments said status facts=$1/$2/facts absent=()
	problems=() said=$dir/$host/facts arguments="(none, but what the kernel says)"
	if [ -e "$facts" ]; then
		want_host "$host"
		conclude "$host: is that host"
	fi
	while IFS=$'\t' read -r name kind expectation arguments; do
		problems=() said=$dir/$host/$name
		status=$(cat "$said.status" 2>/dev/null)
		if [ -z "$status" ]; then
			absent+=("$name")
			continue
		fi
		"kind_$kind"
		want_narrow
		conclude "$host: $name"
	done < <(cases_of "$host")
	[ ${#absent[@]} = 0 ] ||
		tap_fail "$host: $(IFS=';' && echo "${absent[*]}")" "$(last_words "$dir")"
}
