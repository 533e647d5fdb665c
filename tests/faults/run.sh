#!/usr/bin/env bash
# Each system call of a short run of each command fails, once or from then on, with each error that it can give: nobody crashes,
# hangs or loses a page or a process, no file is half written, and who asked is told. It could break wherever a call is made,
# because no machine at hand makes most of them fail.
#
#   run.sh [SCENARIO...]                      a sample, the same each time: 500 trials of all scenarios; TAP, a line a scenario
#   run.sh --sample N --seed S [SCENARIO...]  another sample; with --from of calls from which on all fail
#   run.sh --all [SCENARIO...]                every call with every error, then, by sample, every call from then on; an hour
#   run.sh --only 'SCENARIO CALL AT ERROR'    one trial, as it stands in the line of a failed one, and what came of it
# A tmpfs: guest RAM in a file lies beside the outputs, so that one that is left is seen.
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
. "$(dirname "$0")/../e2e/lib.sh"

need_build
need_tool jq
sample=500 seed=1 all='' from='' only='' scenarios=()
# Of the calls from which on all fail, so many of each kind.
FROM_CALLS=4
while [ $# -gt 0 ]; do
	case $1 in
	--sample) sample=$2 && shift ;;
	--seed) seed=$2 && shift ;;
	--only) only=$2 && shift ;;
	--all) all=1 ;;
	--from) from=1 ;;
	*) scenarios+=("$1") ;;
	esac
	shift
done
[ ${#scenarios[@]} -gt 0 ] || mapfile -t scenarios < <(grep -v '^#' tests/faults/scenarios.tsv | cut -f1)

inject=$T/inject
${CC:-cc} -std=gnu11 -O2 -D_GNU_SOURCE -I. -o "$inject" tests/faults/inject.c tests/faults/outputs.c -ljansson 2>"$T/cc.log" ||
	skip_all faults "the injector cannot be built: $(head -n 1 "$T/cc.log")"

# Why a scenario cannot be run here; nothing where it can.
missing() {
	local need
	for need in ${1//,/ }; do
		case $need in
		kvm) no_kvm_reason ;;
		pool) [ -z "$pool_reason" ] || echo "$pool_reason" ;;
		mount) mountpoint -q "$T/mnt-huge" || echo "hugetlbfs cannot be mounted" ;;
		esac
	done | head -n 1
}

# Of the plan's lines "HASH CALL AT ERROR", at most $1: first one of each call and error, then a second of each, and so on.
choose() {
	sort -k2,2 -k4,4 -k1,1 | awk '{ kind = $2 " " $4; print ++n[kind], $0 }' | sort -n -s -k1,1 |
		awk -v most="$1" -v kinds="${2:-0}" '(!most || NR <= most) && (!kinds || $1 <= kinds) { print $3, $4, $5 }'
}

# Nobody is interrupted or asked to try again for ever, and no mask is too small at every size.
from_then_on() {
	grep -v 'EINTR$\|^\(KVM_RUN\|madvise\) .* EAGAIN$\|^sched_getaffinity .* EINVAL$' | sed 's/$/ from/'
}

# Some of the plan, or all of it.
rows() {
	local some=$(((sample + ${#scenarios[@]} - 1) / ${#scenarios[@]}))
	if [ -n "$only" ]; then
		cut -d' ' -f2- <<<"$only"
	elif [ -n "$from" ]; then
		choose $some <"$T/$1.plan" | from_then_on
	elif [ -z "$all" ]; then
		choose $some <"$T/$1.plan"
	else
		cut -d' ' -f2- "$T/$1.plan"
		choose 0 $FROM_CALLS <"$T/$1.plan" | from_then_on
	fi
}

judge() {
	jq -n -c --slurpfile base "$T/$1.base" --arg name "$1" -f tests/faults/judge.jq
}

# Of the scenario at hand: what it says where nothing fails. Now and then a host has no huge page at hand.
baseline() {
	local again
	for again in 1 2 3 4; do echo "none - -"; done | "$inject" try "$T/$name" "${command[@]}" >"$T/$name.all"
	jq -c 'select(.status == 0 and .files["out.json"] == "new")' "$T/$name.all" >"$T/$name.base"
}

# One scenario, in the background: leaves NAME.skip, NAME.problem or NAME.judged.
scenario() {
	local name=$1 needs text command
	IFS=$'\t' read -r _ needs text < <(grep -P "^$name\t" tests/faults/scenarios.tsv)
	[ -n "$text" ] || { echo "no scenario $name" >"$T/$name.problem" && return; }
	missing "$needs" >"$T/$name.skip"
	[ ! -s "$T/$name.skip" ] || return
	read -ra command <<<"$MINIVMM ${text//@HUGE/$T/mnt-huge}"
	mkdir "$T/$name"
	baseline
	if [ ! -s "$T/$name.base" ]; then
		jq -r '"without a fault: status \(.status), \(.stderr)"' "$T/$name.all" >"$T/$name.problem"
		return
	fi
	"$inject" plan "$seed" "$T/$name" "${command[@]}" >"$T/$name.plan" </dev/null
	rows "$name" | "$inject" try "$T/$name" "${command[@]}" | judge "$name" >"$T/$name.first"
	# What a record says may differ by chance, and the host may; then it does not do so twice.
	baseline
	jq -r 'select(.bad != [] and all(.bad[]; startswith("SAID"))) | .row' "$T/$name.first" | cut -d' ' -f2- |
		"$inject" try "$T/$name" "${command[@]}" | judge "$name" >"$T/$name.second"
	jq -n -c --slurpfile second "$T/$name.second" '($second | map({ key: .row, value: .bad }) | from_entries) as $again
		| inputs | if $again[.row] == [] then .bad = [] else . end' "$T/$name.first" >"$T/$name.judged"
	[ -s "$T/$name.judged" ] || echo "no trial was made" >"$T/$name.problem"
}

# What a run may leave behind: processes; files and pages of the mount. Pages of pools go with them, and others take some too.
left_behind() {
	own_processes
	find "$T/mnt-huge" -mindepth 1
	! mountpoint -q "$T/mnt-huge" || stat -f -c 'free pages of the mount: %f' "$T/mnt-huge"
}

# The counts of a list of trials, as text.
counts() {
	jq -r -s '
		def n(f): map(select(f)) | length;
		def bad(word): n(any(.bad[]; startswith(word)));
		"\(n(.hit)) injections: \(n(.hit and .class == "same")) made no difference, \(n(.hit and .class == "less")) left something unknown, " +
		"\(n(.hit and .class == "told")) failures told, \(n(.hit and .class == "libc")) ended by the C library; " +
		"\(bad("CRASH")) crashes, \(bad("HANG")) hangs, \(bad("BROKEN")) broken files, \(bad("LEFT")) left over, " +
		"\(n(.bad != [])) wrong in all; \(n(.hit | not)) never came that far"' "$@"
}

# What the scenarios that were asked for need of the host.
pool_reason='' used=$(for name in "${scenarios[@]}" "${only%% *}"; do grep -P "^$name\t" tests/faults/scenarios.tsv; done | cut -f2)
if [[ $used == *pool* ]] && pool_reserve 2M 96 && is_root; then
	mount_at mnt-huge hugetlbfs pagesize=2M,size=128M
fi
mkdir -p "$T/mnt-huge"
before=$(left_behind)

if [ -n "$only" ]; then
	scenarios=("${only%% *}")
	scenario "${scenarios[0]}"
	cat "$T/${scenarios[0]}".{skip,problem} 2>/dev/null
	jq . "$T/${scenarios[0]}.judged" && [ "$(jq '.bad == [] and .hit' "$T/${scenarios[0]}.judged")" = true ]
	exit
fi

for name in "${scenarios[@]}"; do
	[ "$(jobs -rp | wc -l)" -lt "$(nproc)" ] || wait -n
	scenario "$name" &
done
wait
for name in "${scenarios[@]}"; do
	if [ -s "$T/$name.skip" ]; then
		tap_skip "$name" "$(cat "$T/$name.skip")"
	elif [ -s "$T/$name.problem" ]; then
		tap_fail "$name" "$(cat "$T/$name.problem")"
	elif [ "$(jq -s 'all(.bad == [])' "$T/$name.judged")" = true ]; then
		tap_ok "$name: $(counts "$T/$name.judged")"
	else
		tap_fail "$name: $(counts "$T/$name.judged")" "$(jq -r 'select(.bad != []) | "\(.row): \(.bad[0:5] | join("; ")) [\(.status)] \(.stderr[0:240])"' "$T/$name.judged")"
	fi
done
problems=() command_line=("$0")
after=$(left_behind)
[ "$after" = "$before" ] || problem "$(diff <(echo "$before") <(echo "$after") | grep '^[<>]')"
conclude "no page, file or process is left behind"
say "# $(cat "$T"/*.judged 2>/dev/null | counts)"
tap_done
