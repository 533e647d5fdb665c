#!/usr/bin/env bash
# compare finds a difference that is there, and none where there is none; a thousand cells take seconds and little memory;
# what cannot be compared is refused with its reason. The files come from a generator (tests/sweep/make_matrix.jq), so that
# the truth is known. It could break by calling noise a finding, or by missing three percent.
. "$(dirname "$0")/lib.sh"

need_build
need_tool jq

make_matrix() {
	jq -n -f tests/sweep/make_matrix.jq --argjson cells "$1" --argjson seed "$2" --argjson factor "$3" --argjson sd "$4"
}

# compare A B [OPTIONS]: its file is then in $T/run.json.
case_compare() {
	rm -f "$T/run.json"
	case_run compare "$@" --json "$T/run.json"
}

make_matrix 96 1 1 0.005 >"$T/a.json"
make_matrix 96 2 1 0.005 >"$T/b.json"
make_matrix 96 3 1.03 0.005 >"$T/slower.json"

case_compare "$T/a.json" "$T/b.json"
want_status 0
want_schema_of minivmm.compare-2
want_text 'marked +nothing'
[ "$(wc -L <"$T/out")" -le 100 ] || problem "wider than 100 columns"
conclude "no difference: nothing is marked"

case_compare "$T/a.json" "$T/a.json"
want_status 0
want_text 'marked +nothing'
conclude "a file with itself: nothing is marked"

case_compare "$T/a.json" "$T/slower.json"
want_status 0
want_schema_of minivmm.compare-2
want_json '.counts.marked == 0 and .together.marked and .together.ratio > 1.02 and .together.ratio < 1.04 and .together.p < 0.01' "common"
want_text 'A and B are two sessions: what differs between them'
conclude "three percent in all cells: a session, or the code; no cell by itself"

jq '.cells[40].runs[].rows[].samples |= map(. * 1.03)' "$T/slower.json" >"$T/one.json"
case_compare "$T/a.json" "$T/one.json"
want_status 0
want_schema_of minivmm.compare-2
want_json '[.figures[] | select(.marked)] | length == 1 and all(.key == $key and .alone > 1.01 and .alone_interval[0] > 1)' \
	"the cell alone, on top of what all have in common" --arg key "$(jq -r '.cells[40].key' "$T/one.json")"
want_text '1\.06.* 1\.03'
conclude "three percent more in one cell are found, in the right direction"

case_compare "$T/a.json" "$T/one.json" --threshold 5
want_status 0
want_text 'marked +nothing'
conclude "three percent are of no interest to --threshold 5"

jq '.plan.repeat = 9 | .cells[].runs[].rows[].samples |= .[1:]' "$T/b.json" >"$T/fewer.json"
case_compare "$T/a.json" "$T/fewer.json"
want_status 2
want_text 'no figure is in both'
jq '.cells[3].runs[].rows[].samples |= .[1:]' "$T/b.json" >"$T/fewer.json"
case_compare "$T/a.json" "$T/fewer.json"
want_status 0
want_json '.counts.left_out == 1 and (.left_out[0].reason | test("minimum of 10 samples in A, of 9 in B"))' "left out"
want_text 'left out +1: a minimum of 10'
conclude "minima of unequal sample counts are left out with the reason"

make_matrix 1000 1 1 0.01 >"$T/a1000.json"
make_matrix 1000 2 1 0.01 >"$T/b1000.json"
started=$SECONDS
if have /usr/bin/time; then
	problems=() command_line=(compare of 1000 cells)
	/usr/bin/time -f '%M' -o "$T/peak" "$MINIVMM" compare "$T/a1000.json" "$T/b1000.json" >"$T/out" 2>"$T/err"
	status=$?
	[ "$(tail -n 1 "$T/peak")" -le 307200 ] || problem "it took $(tail -n 1 "$T/peak") KiB"
else
	case_run compare "$T/a1000.json" "$T/b1000.json"
fi
want_status 0
[ $((SECONDS - started)) -le 20 ] || problem "it took $((SECONDS - started)) s"
conclude "1,000 cells in seconds and within 300 MiB"

# refused STATUS TEXT WHAT: B is then $T/other.json.
refused() {
	case_run compare "$T/a.json" "$T/other.json"
	want_status "$1"
	want_text "$2"
	conclude "$3"
}
echo '{"schema": "minivmm.run/2"}' >"$T/other.json"
refused 1 'minivmm.run/2' "a record of one run is no sweep"
echo '{"schema": "minivmm.sweep/9"}' >"$T/other.json"
refused 1 'minivmm.sweep/9.*|minivmm.sweep/2' "a file of another version"
head -c 5000 "$T/b.json" >"$T/other.json"
refused 1 'line [0-9]+' "half a file"
rm "$T/other.json"
refused 1 'No such file' "no file"
jq '.plan.accesses = 77' "$T/b.json" >"$T/other.json"
refused 2 'accesses' "plans that mean something else"
jq '.cells |= map(select(.workload == "nothing"))' "$T/b.json" >"$T/other.json"
case_run compare "$T/a.json" "$T/other.json"
[ "$status" = 1 ] || [ "$status" = 2 ] || problem "exit status $status"
[ -s "$T/err" ] || problem "no word about it"
conclude "files without a common figure"

jq '.host.kernel = "another kernel" | .host.params["kvm_intel.ept"] = "N"' "$T/b.json" >"$T/other.json"
case_run compare "$T/a.json" "$T/other.json"
want_status 0
want_text 'another kernel'
want_text 'kvm_intel.ept'
conclude "hosts that differ: said, member by member"

for words in "" "$T/a.json" "$T/a.json $T/b.json $T/a.json" "$T/a.json $T/b.json --threshold -1"; do
	read -r -a list <<<"$words"
	case_run compare "${list[@]}"
	want_status 2
	conclude "compare ${#list[@]} words: usage"
done
tap_done
