#!/usr/bin/env bash
# A sweep with two sides runs A and B of each cell in the same rounds, and tells them apart by pairs: nothing where B is the
# same program, the option where it is not; interrupted and resumed as any other; refused before the first run where the
# other program is none that can be read. It could break by mixing the sides, or by calling a neighbour's noise a finding.
. "$(dirname "$0")/lib.sh"

need_build
need_tool jq

# Natively: works without KVM. Some 10 ms a run.
CELLS=(--native --guest-page 4K --backing anon --workload packed,chase --working-set 64K,256K --accesses 20000 --repeat 3
	--retries 0)

case_versus() {
	rm -f "$T/run.json" "$T/run.json.journal"
	case_run sweep "${CELLS[@]}" "$@" --json "$T/run.json" --csv "$T/run.csv"
}

# Of noise alone, the test marks something in one of twenty: with a threshold of 50 % in none.
case_versus --allocations 6 --versus "$MINIVMM" --threshold 50
want_status 0
want_schema_of minivmm.sweep-2
want_json '.complete and (.versus.binary | test("minivmm$")) and .versus.options == [] and .versus.fingerprint != null' "what B is"
want_json '[.cells[] | select(.kind == "native")] | length == 8 and all(.state == "ok" and (.runs | length) == 6)' "both sides ran"
want_json '[.cells[] | select(.side == "b") | .key | endswith(",versus=b")] | length == 8 and all' "the keys of B"
want_json '[.cells[] | select(.side == "b") | .command[0] == $b] | all' "B's program" --arg b "$(realpath "$MINIVMM")"
want_json '[.cells[] | select(.side == null) | .command[0] == "minivmm"] | length == 8 and all' "A's program"
want_json '.comparison | .pairs == "rounds" and .counts.marked == 0 and .counts.figures >= 4 and (.together.marked | not)' "nothing is marked"
want_text '^A +this program'
want_text '^B +.*/minivmm \(minivmm'
want_text 'marked +nothing'
[ "$(wc -L <"$T/out")" -le 100 ] || problem "wider than 100 columns"
head -n 1 "$T/run.csv" | grep -q ',side,versus_ratio,versus_low,versus_high,versus_coverage,versus_p,versus_marked$' || problem "no columns of the sides"
[ "$(grep -c '"b",[0-9.]*,[0-9.]*,[0-9.]*,[0-9.]*,[0-9.]*,"no"' "$T/run.csv")" -ge 4 ] || problem "no ratios in the lines of B"
conclude "A/A by another program: both sides in each round, nothing marked"

cp "$T/run.json" "$T/sides.json"
case_run compare "$T/sides.json" --threshold 50 --json "$T/run.json"
want_status 0
want_schema_of minivmm.compare-2
jq -e --slurpfile sweep "$T/sides.json" '.b.file == $sweep[0].comparison.b.file and .figures == $sweep[0].comparison.figures' \
	"$T/run.json" >/dev/null || problem "another comparison than the sweep's"
conclude "compare of one file: its two sides, as the sweep said"

# B answers like a minivmm, and then runs it with one sample less in each result.
{
	echo '#!/bin/bash'
	echo 'words=()'
	echo 'while [ $# -gt 0 ]; do'
	echo '	words+=("$1")'
	echo '	[ "$1" != --repeat ] || { words+=("$(($2 - 1))"); shift; }'
	echo '	shift'
	echo 'done'
	echo "exec '$(realpath "$MINIVMM")' \"\${words[@]}\""
} >"$T/fewer"
chmod +x "$T/fewer"
case_versus --allocations 2 --versus "$T/fewer"
want_status 0
want_json '[.cells[] | select(.side == "b" and .kind == "native") | .state == "ok"] | all' "B ran"
want_json '.comparison == null' "nothing to compare"
want_text '^versus +no cell has a figure on both sides that can be compared: a minimum of 3 samples'
conclude "minima of fewer samples on one side are not compared"

case_versus --allocations 2 --threshold 0 --versus-options '--guest-ad on'
want_status 0
want_json '.versus.binary == null and .versus.options == ["--guest-ad", "on"]' "what B is"
want_json '[.cells[] | select(.side == "b" and .kind == "native") | .state == "refused" and (.reason | test("guest-ad"))] | length == 4 and all' \
	"natively there is no guest"
if [ -z "$(no_kvm_reason)" ]; then
	want_json '[.cells[] | select(.side == "b" and .kind == "guest") | .state == "ok" and .command[-2:] == ["--guest-ad", "on"]] | all' "B's options"
	want_json '.comparison.left_out | length == 4 and all(.reason == "ok in A, refused in B")' "what does not pair"
	want_text 'left out +4: ok in A, refused in B'
	want_text 'nothing can be marked: with so few allocations no corrected p is below [01]'
fi
want_text 'refused +4 cells, as'
conclude "what one side cannot run is told, the rest compared"

# refused TEXT WORDS...: status 2, and nothing has run.
refused() {
	rm -f "$T/run.json" "$T/run.json.journal"
	case_run sweep "${CELLS[@]}" "${@:2}" --json "$T/run.json"
	want_status 2
	want_text "$1"
	[ ! -e "$T/run.json" ] && [ ! -e "$T/run.json.journal" ] || problem "it left a file"
	conclude "refused: $1"
}
printf '#!/bin/sh\necho "minivmm 0.0.9, ABI 1, schema minivmm.run/1, minivmm.check/1"\n' >"$T/old"
printf '#!/bin/sh\necho "minivmm 9, ABI 9, schema minivmm.run/20, minivmm.check/1"\n' >"$T/new"
chmod +x "$T/old" "$T/new"
refused 'writes records of schema minivmm.run/1, this one reads minivmm.run/2' --versus "$T/old"
refused 'writes records of schema minivmm.run/20, this one reads' --versus "$T/new"
refused 'is not a minivmm' --versus /bin/true
refused 'cannot be run.*No such file' --versus "$T/none"
refused 'cannot be run.*Permission denied' --versus "$T/sides.json"
refused 'A and B share it' --versus-options '--working-set 4M'

# Interrupted anywhere, it goes on with both sides; but not where B has become another program meanwhile.
cp "$MINIVMM" "$T/b"
LONG=(--native --guest-page 4K --backing anon --workload chase --working-set 256K,1M --allocations 8 --retries 0 --versus "$T/b")
rm -f "$T/run.json" "$T/run.json.journal"
problems=() command_line=(sweep "${LONG[@]}")
"$MINIVMM" sweep "${LONG[@]}" --json "$T/run.json" >"$T/out" 2>"$T/err" </dev/null &
pid=$!
for ((try = 0; try < 2000; try++)); do
	[ "$(grep -c '^{"cell"' "$T/run.json.journal" 2>/dev/null)" -ge 7 ] 2>/dev/null && break
	sleep 0.01
done
kill -KILL $pid
{ wait $pid; } 2>/dev/null
grep -q '^{"cell":"[^"]*,versus=b"' "$T/run.json.journal" || problem "no round of B in the journal"
mv "$T/b" "$T/b.kept"
{ cat "$T/b.kept" && echo; } >"$T/b"
chmod +x "$T/b"
case_run sweep --resume --json "$T/run.json"
want_status 2
want_text 'other cells'
conclude "--resume with another program as B is refused"
mv -f "$T/b.kept" "$T/b"
case_run sweep --resume --json "$T/run.json"
want_status 0
want_schema_of minivmm.sweep-2
want_json '.complete and .resumed == 1 and .comparison.counts.figures >= 2' "complete"
want_json '[.cells[] | select(.state == "ok") | .runs | map(.round) == [range(8)]] | all' "every round of both sides once"
[ ! -e "$T/run.json.journal" ] || problem "the journal is still there"
conclude "--resume goes on with both sides"
tap_done
